// app/api/me/route.ts
//
// An edge route of Next.js (on Vercel or elsewhere) that answers whoever brings an access token of your tenant.

import { withKindeToken } from "@/lib/verify-kinde-token";

// With cacheComponents in next.config.ts there is no edge runtime: take this line out, and the same code runs in Node.
export const runtime = "edge";

export function GET(request: Request): Promise<Response> {
  const options = {
    issuer: process.env.KINDE_ISSUER_URL ?? "",
    audience: process.env.KINDE_AUDIENCE || undefined,
    clients: process.env.KINDE_CLIENT_IDS?.split(",").map((id) => id.trim()).filter(Boolean),
  };
  if (!options.issuer) return Promise.resolve(new Response("KINDE_ISSUER_URL is not set", { status: 500 }));
  return withKindeToken(request, options, (claims) => Response.json({ sub: claims.sub, azp: claims.azp, scp: claims.scp }));
}
