import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { agentFrench } from "./agent-words.ts";

/** What the agent's own page shows besides what the web app shows, too (web/src/i18n/agent.test.ts). */
const FILES = ["camera-test", "running", "typed-access", "rtsp/url"];
const SENTENCE = /"((?:The|This|What|Nothing) [^"\n]+?)\.?"[,;)\s]/g;

it.each(FILES)("what the agent says in %s has its French sentence", (file) => {
	const source = readFileSync(new URL(`../agent/${file}.ts`, import.meta.url), "utf8");
	const sentences = [...source.matchAll(SENTENCE)].map(([, sentence]) => `${sentence}.`);
	for (const sentence of sentences) expect(agentFrench(sentence), sentence).not.toBe(sentence);
	expect(sentences.length).toBeGreaterThan(0);
});
