// Preloaded into the worker: its clock is that of the machine, moved by as many ms as stand in the file STEPPED_CLOCK.
import { readFileSync } from "node:fs";

const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(process.env.STEPPED_CLOCK, "utf8"));
globalThis.Date = class extends RealDate {
	constructor(...args) {
		if (args.length === 0) super(now());
		else super(...args);
	}
	static now = now;
};
