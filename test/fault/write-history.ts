/**
 * `write-history.ts FOLDER COUNT HOW`: makes the history in FOLDER/db and says each transaction once it is acknowledged. HOW
 * is `store` for the worker's own store, `careless` for the same without waiting for the disk: what the tests must notice.
 */
import { createClient } from "@libsql/client";
import { type Db, kyselyOver } from "../../worker/store/database.ts";
import { FileDatabase } from "../../worker/store/file-database.ts";
import { happen } from "./history.ts";
import { sayIn } from "./trace.ts";

const [folder = "", count = "0", how = "store"] = process.argv.slice(2);
const url = `file:${folder}/db`;
const say = sayIn(folder);

async function careless(): Promise<(work: (db: Db) => Promise<void>) => Promise<void>> {
	await (await FileDatabase.open(url)).close();
	const client = createClient({ url, concurrency: 1 });
	await client.execute("PRAGMA synchronous = NORMAL");
	return async (work) => {
		const transaction = await client.transaction("write");
		await work(kyselyOver((statement) => transaction.execute(statement)));
		await transaction.commit();
	};
}
const store = how === "store" ? await FileDatabase.open(url) : undefined;
const write = store ? store.write.bind(store) : await careless();
for (let n = 1; n <= Number(count); n++) {
	await write((db) => happen(db, n));
	say(`${n}\n`);
	// An erasure empties the log, which is then written from its start again.
	if (n % 40 === 0) await store?.checkpoint();
}
await store?.close();
