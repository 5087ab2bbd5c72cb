// lib/verify-kinde-token.ts
//
// Verifies Kinde's access tokens with what every edge runtime has: fetch and WebCrypto. No package. RS256 alone, by the key
// that the token names; an unknown key ID makes it fetch the keys once more, at most every 30 seconds. While the keys cannot
// be fetched the answer is 503, and they are asked for every 5 seconds at most.

export type Claims = {
  iss?: string;
  sub?: string;
  azp?: string;
  aud?: string | string[];
  exp?: number;
  nbf?: number;
  iat?: number;
  scp?: string[];
  scope?: string;
  permissions?: string[];
  org_code?: string;
  [claim: string]: unknown;
};

export type Options = {
  /** The tenant: https://acme.kinde.com */
  issuer: string;
  /** The API's audience. Without one, tokens for any audience are taken: Kinde leaves `aud` empty where none was asked for. */
  audience?: string | undefined;
  /** Client IDs whose tokens are taken; any where none are named. */
  clients?: readonly string[] | undefined;
  /** How far clocks may be apart, in seconds. */
  leeway?: number;
  /** The moment to judge at, in milliseconds. */
  now?: number;
};

/** 401: another token may be taken. 503: nothing is wrong with the token, the keys to judge it by are out of reach. */
export type Verified = { ok: true; claims: Claims } | { ok: false; status: 401 | 503; reason: string };

type Keys = { fetched: number; byId: Map<string, CryptoKey> };
const sets = new Map<string, Keys>();
/** When fetching the keys of an issuer failed last. */
const failures = new Map<string, number>();
const KEPT_MS = 10 * 60 * 1000;
const AGAIN_MS = 30 * 1000;
const FAILED_MS = 5 * 1000;
const FETCH_MS = 5 * 1000;
const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Whether `token` is an access token of the tenant, and what it says. */
export async function verifyKindeToken(token: string, options: Options): Promise<Verified> {
  const refused = (reason: string): Verified => ({ ok: false, status: 401, reason });
  const [head, body, signature, ...rest] = token.split(".");
  if (!head || !body || !signature || rest.length > 0) return refused("malformed");
  let header: { alg?: unknown; kid?: unknown; crit?: unknown };
  let claims: Claims;
  let signed: Uint8Array<ArrayBuffer>;
  try {
    header = JSON.parse(text(decode(head)));
    claims = JSON.parse(text(decode(body)));
    signed = decode(signature);
  } catch {
    return refused("malformed");
  }
  if (typeof header !== "object" || header === null || typeof claims !== "object" || claims === null) {
    return refused("malformed");
  }
  if (header.alg !== "RS256" || header.crit !== undefined) return refused("algorithm");
  if (typeof header.kid !== "string") return refused("unknown key");

  const issuer = options.issuer.replace(/\/+$/, "");
  const key = await keyOf(issuer, header.kid);
  if (key === "none") return refused("unknown key");
  if (key === "out of reach") return { ok: false, status: 503, reason: "keys out of reach" };
  const input = new TextEncoder().encode(`${head}.${body}`);
  if (!(await crypto.subtle.verify(RS256, key, signed, input))) return refused("signature");

  const now = (options.now ?? Date.now()) / 1000;
  const leeway = options.leeway ?? 30;
  if (typeof claims.exp !== "number" || claims.exp <= now - leeway) return refused("expired");
  if (claims.nbf !== undefined && !(typeof claims.nbf === "number" && claims.nbf <= now + leeway)) {
    return refused("not yet valid");
  }
  if (claims.iss !== issuer) return refused("issuer");
  // An ID token bears the same signature, and tells an app who signed in: it is no key to an API. It alone has no scopes.
  if (!Array.isArray(claims.scp) && typeof claims.scope !== "string") return refused("no access token");
  if (options.audience && ![claims.aud].flat().includes(options.audience)) return refused("audience");
  const { clients } = options;
  if (clients?.length && !(typeof claims.azp === "string" && clients.includes(claims.azp))) return refused("client");
  return { ok: true, claims };
}

/** The token of an Authorization header. */
export function bearer(request: Request): string | undefined {
  const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
}

/** Answers a request that needs a token: 401 or 503 with a reason, or what `handle` makes of the claims. */
export async function withKindeToken(
  request: Request,
  options: Options,
  handle: (claims: Claims) => Response | Promise<Response>,
): Promise<Response> {
  const token = bearer(request);
  const verified: Verified = token
    ? await verifyKindeToken(token, options)
    : { ok: false, status: 401, reason: "no token" };
  if (verified.ok) return handle(verified.claims);
  const { status, reason } = verified;
  const headers: Record<string, string> =
    status === 503
      ? { "retry-after": String(FAILED_MS / 1000) }
      : { "www-authenticate": 'Bearer error="invalid_token"' };
  return Response.json({ error: reason }, { status, headers });
}

/** The tenant's key of that ID, or why there is none to judge by. */
async function keyOf(issuer: string, kid: string): Promise<CryptoKey | "none" | "out of reach"> {
  const now = Date.now();
  const kept = sets.get(issuer);
  const age = kept ? now - kept.fetched : Number.POSITIVE_INFINITY;
  const known = kept?.byId.get(kid);
  if (known && age < KEPT_MS) return known;
  // A key may have been rotated in; a forger may also make key IDs up, so not for every one of them.
  if (!known && age < AGAIN_MS) return "none";
  // Nor once more for every token while the tenant does not answer.
  if (now - (failures.get(issuer) ?? Number.NEGATIVE_INFINITY) >= FAILED_MS) {
    try {
      const keys = await fetchKeys(issuer, now);
      sets.set(issuer, keys);
      failures.delete(issuer);
      return keys.byId.get(kid) ?? "none";
    } catch (error) {
      failures.set(issuer, Date.now());
      console.error("Fetching the keys of", issuer, "failed:", error instanceof Error ? error.message : error);
    }
  }
  // What was the tenant's key ten minutes ago most likely still is.
  return known ?? "out of reach";
}

async function fetchKeys(issuer: string, now: number): Promise<Keys> {
  const answer = await fetch(`${issuer}/.well-known/jwks`, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(FETCH_MS),
  });
  if (!answer.ok) throw new Error(`The keys of ${issuer} could not be fetched: ${answer.status}`);
  const set = (await answer.json()) as { keys?: (JsonWebKey & { kid?: string })[] };
  const byId = new Map<string, CryptoKey>();
  for (const jwk of set.keys ?? []) {
    if (jwk.kty !== "RSA" || !jwk.kid || !jwk.n || !jwk.e) continue;
    const key = { kty: "RSA", n: jwk.n, e: jwk.e };
    byId.set(jwk.kid, await crypto.subtle.importKey("jwk", key, RS256, false, ["verify"]));
  }
  return { fetched: now, byId };
}

function decode(part: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw new Error("not base64url");
  return Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
