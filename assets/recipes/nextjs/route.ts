// app/api/kinde-webhook/route.ts
//
// Receives Kinde's webhooks: a POST whose body is a compact JWT (content type application/jwt), signed with RS256 by a key
// of the tenant. Kinde repeats what is not answered with 200 for about 36 hours; everything else here follows from that.
//
// KINDE_ISSUER_URL is the tenant: https://acme.kinde.com. Leave this route out of any middleware that asks for a session.

import jwt from "jsonwebtoken";
import jwksClient from "jwks-rsa";

/** Kinde's last attempt comes about 36 hours after the first; what is older is a replay. */
const OLDEST_MS = 37 * 60 * 60 * 1000;
/** A clock may be this far behind Kinde's. */
const AHEAD_MS = 5 * 60 * 1000;
/** How long an event is remembered: longer than it may take to arrive again. */
const REMEMBERED_MS = 2 * OLDEST_MS;
const MOST_REMEMBERED = 100_000;
const MOST_BYTES = 1_000_000;

/** What is signed. Kinde's webhooks carry no iss, aud, exp or iat. */
type KindeEvent = {
  type: string;
  event_id: string;
  timestamp: string;
  event_timestamp?: string;
  source?: string;
  data: unknown;
};

type UserData = {
  user: {
    id: string;
    email?: string | null;
    first_name?: string | null;
    last_name?: string | null;
    username?: string | null;
    phone?: string | null;
    is_suspended?: boolean;
  };
};

/** What your app does. Throw when it did not work: Kinde delivers the event again. */
async function handle(event: KindeEvent): Promise<void> {
  switch (event.type) {
    case "user.created":
    case "user.updated": {
      const { user } = event.data as UserData;
      console.info(event.type, user.id);
      break;
    }
    case "user.deleted": {
      const { user } = event.data as { user: { id: string } };
      console.info(event.type, user.id);
      break;
    }
    default:
      // An event this app does nothing with is taken all the same.
      break;
  }
}

export async function POST(request: Request): Promise<Response> {
  const issuer = process.env["KINDE_ISSUER_URL"]?.replace(/\/+$/, "");
  if (!issuer) {
    console.error("kinde-webhook: KINDE_ISSUER_URL is not set");
    return answer(500, "KINDE_ISSUER_URL is not set");
  }
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BYTES) return answer(413, "too large");
  // The body is the token itself: request.json() would fail.
  const token = await request.text();
  if (token.length > MOST_BYTES) return answer(413, "too large");

  const verified = await verify(token, issuer);
  if (!verified.ok) return answer(verified.status, verified.why);
  const { event } = verified;

  const stale = notFresh(event);
  if (stale) return answer(400, stale);

  // The header is not signed, the event's own ID is: either of them seen before makes it a repetition.
  const webhookId = request.headers.get("webhook-id");
  const keys = [`event:${event.event_id}`, ...(webhookId ? [`webhook:${webhookId}`] : [])];
  const turn = claim(keys);
  if (turn === "done") return answer(200, "duplicate");
  // The first attempt may still fail: a 200 here would keep Kinde from bringing the event again.
  if (turn === "busy") return answer(503, "being handled");
  try {
    await handle(event);
  } catch (error) {
    settle(keys, false);
    console.error("kinde-webhook: handling", event.type, event.event_id, error);
    return answer(500, "handling failed");
  }
  settle(keys, true);
  return answer(200, "handled");
}

type Verified = { ok: true; event: KindeEvent } | { ok: false; status: number; why: string };

async function verify(token: string, issuer: string): Promise<Verified> {
  const refused = (why: string): Verified => ({ ok: false, status: 400, why });
  const header = headerOf(token);
  if (!header) return refused("not a JWT");
  const { alg, kid } = header;
  if (alg !== "RS256") return refused("not signed with RS256");
  if (!kid) return refused("no key ID");

  let key: string;
  try {
    key = (await keysOf(issuer).getSigningKey(kid)).getPublicKey();
  } catch (error) {
    if (error instanceof Error && error.name === "SigningKeyNotFoundError") {
      return refused("no key of this tenant has that ID");
    }
    // The key set could not be fetched: nothing is wrong with the webhook, so let Kinde bring it again.
    console.error("kinde-webhook: fetching the keys of", issuer, error);
    return { ok: false, status: 503, why: "the keys could not be fetched" };
  }

  let payload: unknown;
  try {
    payload = jwt.verify(token, key, { algorithms: ["RS256"] });
  } catch (error) {
    return refused(error instanceof Error ? error.message : "not verified");
  }
  // A token of another kind (an access token, say) bears the same signature.
  if (!isEvent(payload)) return refused("not a webhook event");
  return { ok: true, event: payload };
}

/** What it says of itself, not verified yet. Decoding throws where the payload is no JSON, as one that was changed may be. */
function headerOf(token: string): jwt.JwtHeader | undefined {
  try {
    return jwt.decode(token, { complete: true })?.header;
  } catch {
    return undefined;
  }
}

function isEvent(payload: unknown): payload is KindeEvent {
  if (typeof payload !== "object" || payload === null) return false;
  const { type, event_id, timestamp } = payload as Record<"type" | "event_id" | "timestamp", unknown>;
  return typeof type === "string" && typeof event_id === "string" && typeof timestamp === "string";
}

function notFresh(event: KindeEvent): string | undefined {
  const sent = Date.parse(event.timestamp);
  if (Number.isNaN(sent)) return "timestamp is no time";
  const age = Date.now() - sent;
  if (age > OLDEST_MS) return "too old";
  if (age < -AHEAD_MS) return "from the future";
  return undefined;
}

let client: { issuer: string; keys: jwksClient.JwksClient } | undefined;

/** One client for the life of the process: it keeps the keys, and asks again for an unknown one a few times a minute. */
function keysOf(issuer: string): jwksClient.JwksClient {
  if (client?.issuer !== issuer) {
    const keys = jwksClient({
      jwksUri: `${issuer}/.well-known/jwks.json`,
      cache: true,
      cacheMaxAge: 10 * 60 * 1000,
      rateLimit: true,
      jwksRequestsPerMinute: 10,
      timeout: 5000,
    });
    client = { issuer, keys };
  }
  return client.keys;
}

// ---- What was handled before. In memory: good for one process that is not restarted. With several, or on a platform that
// starts one for every call, keep it in your database: a table with a unique key on these texts, written in the same
// transaction as what `handle` does.

type Known = { at: number; done: boolean };
const seen = new Map<string, Known>();

/** Whether the event is to be handled now. Another attempt may be at it, or have done it. */
function claim(keys: string[]): "mine" | "busy" | "done" {
  const now = Date.now();
  for (const [key, { at }] of seen) {
    if (now - at < REMEMBERED_MS && seen.size < MOST_REMEMBERED) break;
    seen.delete(key);
  }
  const known = keys.map((key) => seen.get(key)).filter((one) => one !== undefined);
  if (known.length > 0) return known.some((one) => one.done) ? "done" : "busy";
  for (const key of keys) seen.set(key, { at: now, done: false });
  return "mine";
}

function settle(keys: string[], done: boolean): void {
  for (const key of keys) {
    if (done) seen.set(key, { at: Date.now(), done });
    else seen.delete(key);
  }
}

function answer(status: number, outcome: string): Response {
  return Response.json({ outcome }, { status });
}
