// lib/multipass.ts
//
// Makes Shopify Multipass tokens (https://shopify.dev/docs/api/multipass). A token is good once and for 15 minutes.

import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";

export type Customer = {
  /** Verified. Shopify takes it for proof of who this is. */
  email: string;
  first_name?: string;
  last_name?: string;
  tag_string?: string;
  /** An ID of your own. Once one was sent for a customer, always send it. */
  identifier?: string;
  /** The token is good from this address alone. */
  remote_ip?: string;
  /** The page of the store to end on. */
  return_to?: string;
};

/** A token for `customer`, made now. */
export function multipassToken(secret: string, customer: Customer, now: Date = new Date()): string {
  const keys = createHash("sha256").update(secret, "utf8").digest();
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", keys.subarray(0, 16), iv);
  const data = JSON.stringify({ ...customer, created_at: now.toISOString() });
  const sealed = Buffer.concat([iv, cipher.update(data, "utf8"), cipher.final()]);
  const mac = createHmac("sha256", keys.subarray(16)).update(sealed).digest();
  // base64url with its padding: Buffer's own "base64url" leaves that out.
  return Buffer.concat([sealed, mac]).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

/** The address that signs `customer` in to `store` (`acme.myshopify.com`). */
export function multipassUrl(store: string, secret: string, customer: Customer): URL {
  return new URL(`https://${store}/account/login/multipass/${multipassToken(secret, customer)}`);
}
