/** A second program that writes to the same file: `hold-lock.ts FILE MS` takes the write lock, says "held", lets go after MS. */
import { createClient } from "@libsql/client";

const [file = "", ms = "0"] = process.argv.slice(2);
const client = createClient({ url: `file:${file}`, timeout: 5000, concurrency: 1 });
const transaction = await client.transaction("write");
process.stdout.write("held\n");
setTimeout(async () => {
	await transaction.commit();
	client.close();
}, Number(ms));
