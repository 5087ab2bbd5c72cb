// Multipass: byte by byte the token of another package over the same JSON and vector, and its tokens judged by the panel.
import crypto from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { load } from "./resolve.mjs";
import { home, must, panel } from "./tools.mjs";

const require = createRequire(`${home}/`);
const Multipassify = require("multipassify");
const { Multipass } = require("multipass-js");
const program = process.env.KINDE_PANEL ?? process.argv[2];
const secret = readFileSync(`${home}/multipass.secret`, "utf8");
const made = JSON.parse(readFileSync(`${home}/multipass.json`, "utf8")).values;

const bytes = Buffer.from(made.token.replaceAll("-", "+").replaceAll("_", "/"), "base64");
const keys = crypto.createHash("sha256").update(secret).digest();
const iv = bytes.subarray(0, 16);
const sealed = bytes.subarray(0, -32);
const mac = crypto.createHmac("sha256", keys.subarray(16)).update(sealed).digest();
must("node finds the MAC right", mac.equals(bytes.subarray(-32)));
const decipher = crypto.createDecipheriv("aes-128-cbc", keys.subarray(0, 16), iv);
const json = Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]).toString("utf8");
const customer = JSON.parse(json);
must("and decrypts the customer", customer.email === "nic@example.com" && customer.first_name === "Zoë", json);
const madeAt = statSync(`${home}/multipass.json`).mtimeMs;
must("created_at is ISO 8601 of when it was made", Math.abs(Date.parse(customer.created_at) - madeAt) < 60_000, customer.created_at);

// The package takes its vector from crypto.randomBytes and the time from the clock: it is given ours.
const random = crypto.randomBytes;
const written = Date.prototype.toISOString;
crypto.randomBytes = (count) => (count === 16 ? iv : random(count));
Date.prototype.toISOString = () => customer.created_at;
const theirs = new Multipassify(secret).encode({ ...customer });
crypto.randomBytes = random;
Date.prototype.toISOString = written;
must("multipassify makes the same token, byte by byte", theirs === made.token, `${theirs}\n${made.token}`);
must("the address is the store's", made.url === `https://acme.myshopify.com/account/login/multipass/${made.token}`);

const judged = (token) => {
  writeFileSync(`${home}/token`, token);
  const words = ["recipe", "check", "shopify-multipass", "--set", `token=@${home}/token`];
  return panel(program, `${home}/data`, ...words, "--password-file", `${home}/multipass.secret`);
};
const firstBad = (answer) => answer.checks.find((check) => check.verdict === "fail")?.name;
must("the panel takes multipassify's token", judged(new Multipassify(secret).encode({ email: "a@example.com" })).verdict === "pass");
const js = (data) => new Multipass(secret).withCustomerData(data).withDomain("acme.myshopify.com").url();
must("and that of multipass-js", judged(js({ email: "a@example.com" })).verdict === "pass");
const now = Math.floor(Date.now() / 1000);
must("and names the number of the guide", firstBad(judged(js({ email: "a@example.com", created_at: now }))) === "created_at");
must("and the time that was taken away", firstBad(judged(js({ email: "a@example.com", created_at: undefined }))) === "created_at");

const { multipassToken } = await load(`${home}/js/multipass/lib/multipass.js`);
must("the generated code's token is good", judged(multipassToken(secret, { email: "a@example.com" })).verdict === "pass");
must("and has its padding", multipassToken(secret, { email: "a@b.c" }).length % 4 === 0);
