import { judgePassword, type PasswordProblem, personalWords } from "@mivisus/wire/password";
import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary as common } from "@zxcvbn-ts/language-common";
import { dictionary as english } from "@zxcvbn-ts/language-en";
import { dictionary as french } from "@zxcvbn-ts/language-fr";

/** Made at the first new password: unpacking the dictionaries takes longer than a runtime may take to start. */
let estimator: ZxcvbnFactory | undefined;

/** Why a new password is not taken, or `undefined`. `own`: the person's name and address. */
export function passwordProblem(password: string, ...own: readonly string[]): PasswordProblem | undefined {
	return judgePassword(password, personalWords(...own), (text, personal) => {
		estimator ??= new ZxcvbnFactory({
			dictionary: { ...common, ...english, ...french },
			graphs: adjacencyGraphs,
		});
		return estimator.check(text, [...personal, "mivisus"]).score;
	});
}
