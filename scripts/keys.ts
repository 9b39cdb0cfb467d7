/**
 * `npm run keys -- FOLDER`: makes the worker's keys, or shows where they are. The folder then holds `worker.json` (secret: the
 * worker's folder, or the secret MIVISUS_KEYS on Workers) and the two public key sets that the relay needs.
 */
import { resolve } from "node:path";
import { openSecrets } from "../worker/platform/secrets.node.ts";

const [folder, ...more] = process.argv.slice(2);
if (!folder || more.length > 0) {
	console.error("Name one folder: npm run keys -- FOLDER");
	process.exit(2);
}
process.umask(0o077);
await openSecrets(folder);
console.log(`The keys are in ${resolve(folder)}:
  worker.json               secret; the worker's MIVISUS_SECRETS folder, or the secret MIVISUS_KEYS on Workers
  relay-token-keys.json     public; the relay's MIVISUS_RELAY_TOKEN_KEYS
  relay-control-keys.json   public; the relay's MIVISUS_RELAY_CONTROL_KEYS`);
