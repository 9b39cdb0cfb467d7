/** `npm run fault`: kills, power cuts, full disks and races in their full number; `npm test` runs a few of each. */
import { isFault, runFull } from "./full/run.ts";

runFull("fault", isFault);
