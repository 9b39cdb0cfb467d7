import { agentFrench } from "@mivisus/wire/agent-words";
import { language } from "./index.ts";

/** A sentence of the agent in the person's language. */
export const agentSays = (sentence: string): string =>
	language() === "en" ? sentence.replaceAll("'", "’") : agentFrench(sentence);
