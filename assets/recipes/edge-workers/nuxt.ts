// server/api/me.get.ts
//
// A server route of Nuxt (Vercel's edge functions included) that answers whoever brings an access token of your tenant.

import { defineEventHandler, toWebRequest } from "h3";
import { withKindeToken } from "../utils/verify-kinde-token";

export default defineEventHandler((event) => {
  const options = {
    issuer: process.env.KINDE_ISSUER_URL ?? "",
    audience: process.env.KINDE_AUDIENCE || undefined,
    clients: process.env.KINDE_CLIENT_IDS?.split(",").map((id) => id.trim()).filter(Boolean),
  };
  if (!options.issuer) return new Response("KINDE_ISSUER_URL is not set", { status: 500 });
  return withKindeToken(toWebRequest(event), options, (claims) =>
    Response.json({ sub: claims.sub, azp: claims.azp, scp: claims.scp }),
  );
});
