// Resolves as a bundler would: `@/x` is the root of the generated app, and an import needs no extension. The session of Kinde's
// SDK is one of our own.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

function rewritten(specifier, parent) {
  if (specifier.startsWith("@/")) {
    return new URL(`${specifier.slice(2)}.js`, parent.replace(/^(.*\/js\/[^/]+\/).*$/, "$1")).href;
  }
  if (specifier === "@kinde-oss/kinde-auth-nextjs/server") return new URL("session.mjs", import.meta.url).href;
  if (specifier.startsWith(".") && !specifier.endsWith(".js")) {
    const url = new URL(`${specifier}.js`, parent);
    if (existsSync(fileURLToPath(url))) return url.href;
  }
  return specifier;
}

export const resolve = (specifier, context, next) =>
  next(context.parentURL?.includes("/js/") ? rewritten(specifier, context.parentURL) : specifier, context);
