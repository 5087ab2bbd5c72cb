// main.ts
//
// A Deno Deploy service that answers whoever brings an access token of your tenant.
// Here: deno run --allow-net --allow-env --env-file main.ts

import { withKindeToken } from "./verify-kinde-token.ts";

const env = (name: string): string => Deno.env.get(name)?.trim() ?? "";

Deno.serve((request: Request): Response | Promise<Response> => {
  const options = {
    issuer: env("KINDE_ISSUER_URL"),
    audience: env("KINDE_AUDIENCE") || undefined,
    clients: env("KINDE_CLIENT_IDS").split(",").map((id) => id.trim()).filter(Boolean),
  };
  if (!options.issuer) return new Response("KINDE_ISSUER_URL is not set", { status: 500 });
  return withKindeToken(request, options, (claims) => Response.json({ sub: claims.sub, azp: claims.azp, scp: claims.scp }));
});
