// The environment files, read by what reads them: Next.js's own loader, dotenv (wrangler reads .dev.vars with it), Deno, and a
// shell. A secret with every sign that means something to one of them must come out as it went in.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { home, must, panel } from "./tools.mjs";

const [program, deno] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { loadEnvConfig } = require("@next/env");
const dotenv = require("dotenv");

// Next.js's loader fills this process's own environment, and a file fills in only what is not there yet.
const { PATH, HOME } = process.env;
const clean = { encoding: "utf8", env: { PATH, HOME } };
const quiet = { info: () => {}, error: console.error };
const readers = {
  next: (folder) => loadEnvConfig(folder, false, quiet, true).combinedEnv,
  dotenv: (folder, file) => dotenv.parse(readFileSync(`${folder}/${file}`)),
  shell: (folder, file) => {
    const script = `set -a; . "$1"; node -p 'JSON.stringify(process.env)'`;
    return JSON.parse(execFileSync("bash", ["--norc", "-euc", script, "_", `${folder}/${file}`], clean));
  },
  deno: (folder, file) => {
    const script = `console.log(JSON.stringify(Deno.env.toObject()))`;
    return JSON.parse(execFileSync(deno, ["eval", "--no-config", `--env-file=${folder}/${file}`, script], clean));
  },
};

const secrets = ["plain-0123456789", "pa$$w0rd${HOME}$HOME!", "a # b \\ c;d&e|f", "~/x*?", "it's $5", 'say "x" `y`'];
const cases = [
  ["next", ".env.local", "SHOPIFY_MULTIPASS_SECRET", (secret) => ["shopify-multipass", "--set", "store=acme", ...of("multipass_secret", secret)]],
  ["shell", ".env", "TF_VAR_kinde_client_secret", (secret) => ["cloudflare-zero-trust", "--set", "team=acme", ...of("client_secret", secret)]],
  ["shell", "outside-the-web-root/.env", "OIDC_CLIENT_SECRET", (secret) => ["wordpress", "--set", "site=https://a.example", ...of("client_secret", secret)]],
  ["dotenv", ".dev.vars", "KINDE_AUDIENCE", (text) => ["edge-workers", "--set", `audience=${text}`]],
  ["next", ".env.local", "KINDE_AUDIENCE", (text) => ["edge-workers", "--set", "runtime=next", "--set", `audience=${text}`]],
  ...(deno ? [["deno", ".env", "KINDE_AUDIENCE", (text) => ["edge-workers", "--set", "runtime=deno", "--set", `audience=${text}`]]] : []),
];

function of(key, secret) {
  const file = `${mkdtempSync(`${home}/secret-`)}/it`;
  writeFileSync(file, secret);
  return ["--secret", `${key}=${file}`];
}

for (const [reader, file, name, words] of cases) {
  for (const secret of secrets) {
    const folder = mkdtempSync(`${home}/env-`);
    const [recipe, ...rest] = words(secret);
    panel(program, `${home}/data`, "recipe", "generate", recipe, ...rest, "--out", folder);
    const read = readers[reader](folder, file)[name];
    must(`${reader} reads ${name} of ${recipe} as it was given: ${secret}`, read === secret, read);
  }
}
