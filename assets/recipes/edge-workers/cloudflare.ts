// src/index.ts
//
// A Cloudflare Worker that answers whoever brings an access token of your tenant.

import { withKindeToken } from "./verify-kinde-token";

export type Env = {
  KINDE_ISSUER_URL: string;
  KINDE_AUDIENCE?: string;
  KINDE_CLIENT_IDS?: string;
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (!env.KINDE_ISSUER_URL) return new Response("KINDE_ISSUER_URL is not set", { status: 500 });
    const options = {
      issuer: env.KINDE_ISSUER_URL,
      audience: env.KINDE_AUDIENCE || undefined,
      clients: env.KINDE_CLIENT_IDS?.split(",").map((id) => id.trim()).filter(Boolean),
    };
    return withKindeToken(request, options, (claims) => Response.json({ sub: claims.sub, azp: claims.azp, scp: claims.scp }));
  },
};
