import { machineClock as clock } from "../clock.ts";
import { describeInWords, discover } from "../discovery/discover.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { remark, say } from "./say.ts";

/** `mivisus-agent find`: a line for each camera as it answers. */
export async function find({ json }: Arguments, signal: AbortSignal): Promise<number> {
	const cameras: { device: string; name: string; maker: string | null; host: string; port: number }[] = [];
	if (!json) remark("Looking for cameras in the networks of this computer, for a few seconds.");
	for await (const found of discover({ signal, clock })) {
		const { device, name, maker = null, address } = found;
		cameras.push({ device, name, maker, ...address });
		// A camera calls itself what it likes; a terminal obeys some of it.
		if (!json) say(describeInWords(found).replace(/\p{C}/gu, " "));
	}
	if (json) say(JSON.stringify({ cameras }));
	else if (cameras.length === 0)
		say(
			"None answered. Some cameras do not say that they are there, or ONVIF is off in them: their address works all the same.",
		);
	else remark("Add one with its user and password on the agent's own page (mivisus-agent page), or by its address.");
	return EXIT.done;
}
