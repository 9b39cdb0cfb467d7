import { adviceFor, describeTracks, type TestStep, testCamera } from "../camera-test.ts";
import { machineClock } from "../clock.ts";
import { ConfigError } from "../config.ts";
import { addressText } from "../typed-access.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { askTerminal, typedCamera } from "./password.ts";
import { say } from "./say.ts";

const WHO: Record<TestStep["who"], string> = { agent: "  -> ", camera: "  <- ", note: "     " };

/** `mivisus-agent test`: opens a camera, tells step by step what was said, and what came of it. */
export async function test(given: Arguments, signal: AbortSignal): Promise<number> {
	const transport = given.transport ?? "auto";
	if (transport !== "auto" && transport !== "tcp" && transport !== "udp")
		throw new ConfigError("--transport: must be auto, tcp or udp");
	const access = await typedCamera(given);
	const steps: TestStep[] = [];
	const onStep = (step: TestStep) => {
		steps.push(step);
		if (!given.json) say(`${WHO[step.who]}${step.text}`);
	};
	if (!given.json) say(`Asking ${addressText(access.url)}`);
	const clock = machineClock;
	let end = await testCamera({ access, transport, clock, onStep, signal });
	const canAsk = process.stdin.isTTY && !given.json && !given.passwordStdin;
	if (!end.ok && end.code === "camera-refused" && access.user === undefined && canAsk && !signal.aborted) {
		say(end.reason);
		access.user = await askTerminal("User: ", false);
		access.password = await askTerminal("Password: ", true);
		end = await testCamera({ access, transport, clock, onStep, signal });
	}
	const address = addressText(access.url);
	if (given.json) {
		const result = end.ok
			? {
					ok: true,
					address,
					sends: describeTracks(end.found),
					video: video(end.found.video),
					audio: audio(end.found.audio),
				}
			: { ok: false, address, code: end.code, reason: end.reason, advice: adviceFor(end) };
		say(JSON.stringify({ ...result, steps }));
	} else if (end.ok) say(`The camera answered. ${describeTracks(end.found)}.`);
	else say(`${end.reason}\n${adviceFor(end)}`);
	return end.ok ? EXIT.done : EXIT[end.code];
}

type Found = Extract<Awaited<ReturnType<typeof testCamera>>, { ok: true }>["found"];
const video = ({ codec, width, height }: Found["video"]) => ({ codec, width, height });
const audio = (found: Found["audio"]) =>
	found ? { codec: found.codec, sampleRate: found.sampleRate, channels: found.numberOfChannels } : null;
