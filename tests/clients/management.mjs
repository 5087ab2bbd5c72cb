// Drives the sandbox with Kinde's own JavaScript client: node management.mjs READY_FILE http|https
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { init, ConnectedApps, Environments, Search, Users } from "@kinde/management-api-js";

const { ready } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const base = process.argv[3] === "https" ? ready.https : ready.issuer;
delete process.env.KINDE_DOMAIN;
init({ kindeDomain: base, clientId: ready.client_id, clientSecret: ready.client_secret });

const environment = await Environments.getEnvironment();
assert.equal(environment.environment.is_live, false);

const first = await Users.getUsers({ pageSize: 4 });
assert.equal(first.users.length, 4);
const rest = await Users.getUsers({ pageSize: 500, nextToken: first.next_token });
assert.ok(rest.users.length >= 2);
const found = await Search.searchUsers({ query: "ada" });
assert.equal(found.results[0].email, "ada@example.com");

const email = `client-${Date.now()}-${process.pid}@example.com`;
const created = await Users.createUser({
  requestBody: {
    profile: { given_name: "Official", family_name: "Client" },
    identities: [{ type: "email", details: { email } }],
  },
});
assert.equal(created.created, true);

for (const app of ready.connected_apps) {
  const walk = async (decision) => {
    const auth = await ConnectedApps.getConnectedAppAuthUrl({ keyCodeRef: app.key, userId: found.results[0].id });
    await assert.rejects(ConnectedApps.getConnectedAppToken({ sessionId: auth.session_id }), (e) => e.status === 400);
    const page = await (await fetch(auth.url)).text();
    assert.match(page, /<form[^]*Deny[^]*Allow/);
    const landed = await fetch(auth.url, { method: "POST", body: new URLSearchParams({ decision }) });
    assert.equal(landed.status, 200);
    return [auth.session_id, new URL(landed.url).searchParams];
  };
  const [session, end] = await walk("allow");
  assert.equal(end.get("session_id"), session);
  const token = await ConnectedApps.getConnectedAppToken({ sessionId: session });
  assert.ok(token.access_token && new Date(token.access_token_expiry) > new Date());
  const again = await ConnectedApps.getConnectedAppToken({ sessionId: session });
  assert.equal(again.access_token, token.access_token);
  await ConnectedApps.revokeConnectedAppToken({ sessionId: session });
  await assert.rejects(
    ConnectedApps.getConnectedAppToken({ sessionId: session }),
    (e) => e.status === 400 && e.body.errors[0].code === "INVALID_SESSION",
  );
  const [denied, refused] = await walk("deny");
  assert.equal(refused.get("error"), "access_denied");
  await assert.rejects(ConnectedApps.getConnectedAppToken({ sessionId: denied }), (e) => e.status === 400);
}
console.log(`  environment, users, search, create, ${ready.connected_apps.length} connected apps: good`);
