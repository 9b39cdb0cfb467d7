/** `open-store.ts FOLDER`: opens the store in FOLDER/db as the worker does at its start, migrations included, and closes it. */
import { FileDatabase } from "../../worker/store/file-database.ts";

await (await FileDatabase.open(`file:${process.argv[2]}/db`)).close();
