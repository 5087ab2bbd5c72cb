// Code by Zapier > Run JavaScript. Input data: jwt = Raw Body of the trigger "Catch Raw Hook".
//
// Anybody who learns the hook's address can post to it: nothing of the body is believed before its signature was checked
// against the tenant's keys. A body that does not hold ends the step with an error, and the Zap stops there.

const ISSUER = %%issuer%%;
// Kinde's last attempt comes about 36 hours after the first; what is older is a replay.
const OLDEST_MS = 37 * 60 * 60 * 1000;

const { createPublicKey, verify } = require("crypto");

const token = String(inputData.jwt || "").trim();
const parts = token.split(".");
if (parts.length !== 3) {
  throw new Error("The body is no JWT. Use Catch Raw Hook, and map its Raw Body to jwt");
}
const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
let header;
try {
  header = json(parts[0]);
} catch {
  throw new Error("The body is no JWT");
}
if (header.alg !== "RS256") throw new Error("Not signed with RS256");

const answer = await fetch(`${ISSUER}/.well-known/jwks`);
if (!answer.ok) throw new Error(`The tenant's keys could not be fetched: ${answer.status}`);
const { keys } = await answer.json();
const jwk = (keys || []).find((key) => key.kid === header.kid && key.kty === "RSA");
if (!jwk) throw new Error("No key of this tenant has that ID");

const key = createPublicKey({ key: { kty: "RSA", n: jwk.n, e: jwk.e }, format: "jwk" });
const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
if (!verify("RSA-SHA256", signed, key, Buffer.from(parts[2], "base64url"))) {
  throw new Error("The signature does not hold");
}

const event = json(parts[1]);
if (typeof event.type !== "string" || typeof event.event_id !== "string") {
  throw new Error("Signed by the tenant, and no webhook event");
}
const age = Date.now() - Date.parse(event.timestamp);
if (!(age < OLDEST_MS && age > -5 * 60 * 1000)) throw new Error(`Not fresh: ${event.timestamp}`);

// What the steps after this one can map. Kinde may deliver an event twice: to do a thing once, put a step with
// Storage by Zapier, or a Filter on event_id, after this one.
return {
  type: event.type,
  event_id: event.event_id,
  timestamp: event.timestamp,
  source: event.source,
  data: event.data,
};
