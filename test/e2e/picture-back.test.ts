import { afterAll, beforeAll, expect, it } from "vitest";
import { startGstCamera } from "../cameras/gst.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import { madeAfter, untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };
const ROUNDS = scaled(1, 20);
/** How long a fault lasts at most, ms: long enough in full for every wait between tries to have grown to its longest. */
const LONGEST_MS = scaled(3000, 20_000);
/** What is promised once the fault is over, ms (R6, A07). */
const BACK_MS = 10_000;

let stage: Stage;
const random = seeded(seedOf("picture back"));
beforeAll(async () => {
	stage = await Stage.open({ ...CAMERA, audio: "none" });
	const { system, page, camera } = stage;
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp"))!);
	await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...camera });
	await untilStamp(page, 15_000);
}, 90_000);
afterAll(() => stage?.close());
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Fault {
	begin(): Promise<void>;
	/** Resolves when the fault is over. */
	end(): Promise<void>;
	/** The picture goes on all the while. */
	unseen?: boolean;
}
const FAULTS: Record<string, Fault> = {
	"the camera is switched off and on again": {
		begin: () => stage.camera.stop(),
		end: async () => {
			stage.camera = await startGstCamera({ ...CAMERA, audio: "none", port: stage.camera.port });
		},
	},
	"the camera hangs, with its connections open, and goes on": {
		begin: async () => stage.camera.freeze(),
		end: async () => stage.camera.thaw(),
	},
	"the relay is stopped and started again": {
		begin: () => stage.system.relay.stop("SIGKILL"),
		end: () => stage.system.startRelay(),
	},
	"the relay ends in order and is started again": {
		begin: () => stage.system.relay.stop("SIGTERM"),
		end: () => stage.system.startRelay(),
	},
	"the relay goes over to a new process": {
		begin: () => stage.system.renewRelay(),
		end: async () => {},
		unseen: true,
	},
	"the worker is away": {
		begin: () => stage.system.worker.stop("SIGKILL"),
		end: () => stage.system.startWorker(),
		unseen: true,
	},
	"worker and relay are both away, and the worker comes back last": {
		begin: async () => {
			await stage.system.worker.stop("SIGKILL");
			await stage.system.relay.stop("SIGKILL");
		},
		end: async () => {
			await stage.system.startRelay();
			await stage.system.startWorker();
		},
	},
};

it.each(Object.keys(FAULTS))(
	`%s: the picture is back within ${BACK_MS / 1000} s, by itself`,
	async (name) => {
		const { begin, end, unseen } = FAULTS[name]!;
		const took: number[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			await begin();
			const lasts = random() * LONGEST_MS;
			await pause(lasts);
			// Who looks at a camera goes on seeing it: the worker only admits (design: section 3).
			if (unseen) await untilStamp(stage.page, 2000, madeAfter(Date.now()));
			await end();
			const over = Date.now();
			await untilStamp(stage.page, BACK_MS, madeAfter(over)).catch((error: Error) => {
				throw new Error(`round ${round}, after ${Math.round(lasts)} ms: ${error.message}`);
			});
			took.push(Date.now() - over);
		}
		const sorted = took.toSorted((a, b) => a - b);
		process.stdout.write(`${name}: ${ROUNDS} times, ${sorted[sorted.length >> 1]} ms, at most ${sorted.at(-1)} ms\n`);
		expect(took).toHaveLength(ROUNDS);
	},
	scaled(60_000, 1_200_000),
);
