// One line a token of tokens.txt: 1 where jose verifies it under the key set, else 0.
import { readFileSync, writeFileSync } from "node:fs";
import { compactVerify, createLocalJWKSet } from "jose";

const keys = createLocalJWKSet(JSON.parse(readFileSync("jwks.json", "utf8")));
const lines = readFileSync("tokens.txt", "utf8").split("\n").slice(0, -1);
const out = [];
for (const line of lines) {
  out.push(await compactVerify(line, keys).then(() => 1, () => 0));
}
writeFileSync("jose.txt", out.join("\n") + "\n");
