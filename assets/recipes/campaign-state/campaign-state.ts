// lib/campaign-state.ts
//
// Writes and reads the `state` parameter: a nonce, the time and the campaign as JSON in base64url, then a dot and an
// HMAC-SHA256 over that part, cut to 22 characters (132 bits). Anybody can read it; nobody else can make one.
//
// CAMPAIGN_STATE_KEY: 64 hexadecimal digits that only the server knows.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export type Campaign = {
  source?: string;
  medium?: string;
  campaign?: string;
  term?: string;
  content?: string;
  gclid?: string;
};

export type ReadState =
  | { ok: true; campaign: Campaign; nonce: string; issuedAt: number }
  | { ok: false; reason: "missing" | "malformed" | "signature" | "expired" | "nonce" };

/** How long a sign-in may take, in seconds. */
export const MAX_AGE = 60 * 60;
/** Longer ones are refused: they do not fit through every proxy. */
export const MAX_LENGTH = 1500;
const MAC_LENGTH = 22;

/** The short names inside the state, in the order they are written. */
const NAMES = [
  ["source", "s"],
  ["medium", "m"],
  ["campaign", "c"],
  ["term", "term"],
  ["content", "content"],
  ["gclid", "g"],
] as const satisfies ReadonlyArray<readonly [keyof Campaign, string]>;

function key(): Buffer {
  const text = process.env["CAMPAIGN_STATE_KEY"] ?? "";
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new Error("CAMPAIGN_STATE_KEY must be 64 hexadecimal digits: openssl rand -hex 32");
  }
  return Buffer.from(text, "hex");
}

function mac(part: string): string {
  return createHmac("sha256", key()).update(part).digest("base64url").slice(0, MAC_LENGTH);
}

/** A nonce of 128 bits: it goes into the state and into a cookie of the same browser. */
export function newNonce(): string {
  return randomBytes(16).toString("base64url");
}

/** Where the browser brings the nonce's cookie back to: sender and receiver, below the path that the app runs at. */
export function cookiePath(site: string): string {
  return `${new URL(site).pathname.replace(/\/+$/, "")}/auth/campaign`;
}

/** What is left out of a state that would be too long, in this order: the sign-in comes before the count of it. */
const GIVEN_UP: readonly (keyof Campaign)[] = ["content", "term", "medium", "gclid", "campaign", "source"];

/** The state for `campaign`, or for as much of it as fits into MAX_LENGTH. */
export function writeState(campaign: Campaign, nonce: string, now: number = Date.now()): string {
  const left: Campaign = { ...campaign };
  let state = signed(left, nonce, now);
  for (const name of GIVEN_UP) {
    if (state.length <= MAX_LENGTH) break;
    delete left[name];
    state = signed(left, nonce, now);
  }
  return state;
}

function signed(campaign: Campaign, nonce: string, now: number): string {
  const body: Record<string, string | number> = { v: 1, n: nonce, t: Math.floor(now / 1000) };
  for (const [name, short] of NAMES) {
    const value = campaign[name];
    if (value) body[short] = value;
  }
  const part = Buffer.from(JSON.stringify(body), "utf8").toString("base64url");
  return `${part}.${mac(part)}`;
}

/** What `state` says, where it was signed here, is recent, and belongs to the browser that has `nonce` in its cookie. */
export function readState(
  state: string | null,
  nonce: string | undefined,
  now: number = Date.now(),
): ReadState {
  if (!state) return { ok: false, reason: "missing" };
  const dot = state.lastIndexOf(".");
  if (dot < 1 || state.length > MAX_LENGTH) return { ok: false, reason: "malformed" };
  const part = state.slice(0, dot);
  if (!same(state.slice(dot + 1), mac(part))) return { ok: false, reason: "signature" };
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return { ok: false, reason: "malformed" };
  }
  if (typeof body !== "object" || body === null) return { ok: false, reason: "malformed" };
  const member = (name: string): unknown => (body as Record<string, unknown>)[name];
  const issuedAt = member("t");
  const stateNonce = member("n");
  if (member("v") !== 1 || typeof issuedAt !== "number" || typeof stateNonce !== "string") {
    return { ok: false, reason: "malformed" };
  }
  const age = now / 1000 - issuedAt;
  if (age > MAX_AGE || age < -60) return { ok: false, reason: "expired" };
  if (!nonce || !same(stateNonce, nonce)) return { ok: false, reason: "nonce" };
  const campaign: Campaign = {};
  for (const [name, short] of NAMES) {
    const value = member(short);
    if (typeof value === "string" && value !== "") campaign[name] = value;
  }
  return { ok: true, campaign, nonce: stateNonce, issuedAt };
}

/** The campaign that a link carries. */
export function campaignOf(query: URLSearchParams): Campaign {
  const campaign: Campaign = {};
  for (const [name] of NAMES) {
    const value = query.get(name === "gclid" ? "gclid" : `utm_${name}`);
    // A hostile link may carry anything: what is longer than a campaign's name is cut, and never within a character.
    if (value) campaign[name] = Array.from(value).slice(0, 120).join("");
  }
  return campaign;
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
