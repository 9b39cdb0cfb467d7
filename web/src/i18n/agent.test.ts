import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { setLanguage } from "./index.ts";
import { agentSays } from "./says.ts";

/** Where the agent keeps the sentences that reach a person's screen. */
const FILES = [
	"rtsp/connection",
	"rtsp/errors",
	"rtsp/session",
	"rtsp/dial",
	"rtsp/redirect",
	"rtsp/ports",
	"rtsp/sdp",
	"camera",
	"pairing/commands",
];
const SENTENCE = /"((?:The|This|What|Nothing|Encrypted) [^"\n]+\.)"/g;

describe("what the agent says", () => {
	beforeAll(() => {
		const store = new Map<string, string>();
		Object.assign(globalThis, {
			localStorage: { setItem: (key: string, value: string) => store.set(key, value) },
			document: { documentElement: {} },
		});
		setLanguage("fr");
	});
	it.each(FILES)("%s: each sentence has its French one", (file) => {
		const source = readFileSync(new URL(`../../../agent/${file}.ts`, import.meta.url), "utf8");
		const sentences = [...source.matchAll(SENTENCE)].map(([, sentence]) => sentence ?? "");
		for (const sentence of sentences) expect(agentSays(sentence), sentence).not.toBe(sentence);
	});
	it("what the camera said stands in the French sentence", () => {
		expect(agentSays("The camera answered DESCRIBE with an error (500).")).toBe(
			"La caméra a répondu à DESCRIBE par une erreur (500).",
		);
		expect(
			agentSays("The camera sends H.265 (HEVC), which is not supported yet. Choose H.264 in the camera's settings."),
		).toContain("H.265 (HEVC), qui n’est pas encore pris en charge");
	});
	it("why sound cannot be heard is told in French, too", () => {
		const why =
			"The camera sends its sound as G.726, which browsers do not play. Choose AAC or G.711 in the camera's settings.";
		expect(agentSays(why)).toContain("en G.726, que les navigateurs ne lisent pas");
		expect(agentSays("The camera's description of its sound (AAC) cannot be read.")).toContain("(AAC) est illisible");
	});
	it("P06: how long a camera makes people wait is told in French, too", () => {
		const said = "The camera sends a key frame about every 341 s only. Choose a shorter interval in its settings.";
		expect(agentSays(said)).toContain("toutes les 341 s environ");
		expect(agentSays("Waiting for a key frame of the camera.")).toContain("image clé");
	});
	it("an unknown sentence is shown as it came", () => expect(agentSays("Something new.")).toBe("Something new."));
});
