// checks.mjs FILE [NAME…]: prints the checks of an answer. Fails where one fails, or warns that is not named.
import { readFileSync } from "node:fs";

const [file, ...mayWarn] = process.argv.slice(2);
const answer = JSON.parse(readFileSync(file, "utf8"));
let good = Array.isArray(answer.checks) && answer.checks.length > 0;
if (!good) console.error(JSON.stringify(answer));
for (const check of answer.checks ?? []) {
  const bad = check.verdict === "fail" || (check.verdict === "warn" && !mayWarn.includes(check.name));
  good &&= !bad;
  console.log(`${bad ? "BAD" : "ok "} ${check.verdict.padEnd(7)} ${check.name}  ${check.seen ?? ""}`);
  if (bad) console.log(`      ${check.why}\n      ${check.fix}`);
}
process.exit(good ? 0 : 1);
