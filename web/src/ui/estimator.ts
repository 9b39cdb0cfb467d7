import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary as common } from "@zxcvbn-ts/language-common";
import { dictionary as english } from "@zxcvbn-ts/language-en";
import { dictionary as french } from "@zxcvbn-ts/language-fr";

/** The service's own estimator (worker/passwords), in the page: a file of its own, loaded when a password is first typed. */
const estimator = new ZxcvbnFactory({
	dictionary: { ...common, ...english, ...french },
	graphs: adjacencyGraphs,
});
export const score = (password: string, personal: readonly string[]): number =>
	estimator.check(password, [...personal, "mivisus"]).score;
