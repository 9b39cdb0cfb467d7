/** `npm run fuzz`: the tests that play with chance in their full number, but for the faults of the machine (`npm run fault`). */
import { isFault, runFull } from "./full/run.ts";

runFull("fuzz", (file) => !isFault(file));
