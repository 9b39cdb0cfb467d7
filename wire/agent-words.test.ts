import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { agentFrench } from "./agent-words.ts";

/** Where the agent keeps the sentences that reach a person's screen. */
const FILES = [
	"rtsp/connection",
	"rtsp/errors",
	"rtsp/session",
	"rtsp/sdp",
	"camera",
	"pairing/commands",
	"camera-test",
	"running",
	"typed-access",
];
const SENTENCE = /"((?:The|This|What|Nothing|Encrypted) [^"\n]+\.)"/g;

describe("what the agent says", () => {
	it.each(FILES)("%s: each sentence has its French one", (file) => {
		const source = readFileSync(new URL(`../agent/${file}.ts`, import.meta.url), "utf8");
		const sentences = [...source.matchAll(SENTENCE)].map(([, sentence]) => sentence ?? "");
		for (const sentence of sentences) expect(agentFrench(sentence), sentence).not.toBe(sentence);
	});
	it("what the camera said stands in the French sentence", () => {
		expect(agentFrench("The camera answered DESCRIBE with an error (500).")).toBe(
			"La caméra a répondu à DESCRIBE par une erreur (500).",
		);
		expect(
			agentFrench("The camera sends H.265 (HEVC), which is not supported yet. Choose H.264 in the camera's settings."),
		).toContain("H.265 (HEVC), qui n’est pas encore pris en charge");
	});
	it("an unknown sentence is shown as it came", () => expect(agentFrench("Something new.")).toBe("Something new."));
});
