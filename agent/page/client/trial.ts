import { api, type Line, Refusal, type TestResult, type TypedCamera } from "./api.ts";
import { button, h, setText } from "./dom.ts";
import { draw } from "./still.ts";
import { type Key, says, sends, t } from "./words.ts";

/** A camera's certificate as the agent's words show it. */
const FINGERPRINT = /SHA-256: ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})/;

/** What went wrong with an order to the agent, for a person. */
export function problemText(error: unknown): string {
	if (!(error instanceof Refusal)) return t("problem.other");
	if (error.code === "gone") return t("gone");
	if (error.code === "refused") return says(error.message);
	const key = `problem.${error.code}`;
	return ["too-many", "unreachable", "malformed"].includes(error.code) ? t(key as Key) : t("problem.other");
}

/** Where a test of a camera speaks: what happened, what to do, the picture, and what was said step by step. */
export class Trial {
	readonly element: HTMLElement;
	#said = h("p", { class: "said", role: "status" });
	#advice = h("p", { class: "hint" });
	#steps = h("ol", { class: "steps" });
	#details = h("details", {}, h("summary", {}, t("test.steps")), this.#steps);
	#canvas: HTMLCanvasElement;
	#note = h("p", { class: "hint" });

	constructor(pictureOf: string) {
		this.#canvas = h("canvas", { class: "still", role: "img", "aria-label": t("picture.of", { name: pictureOf }) });
		this.element = h("div", { class: "trial" }, this.#said, this.#advice, this.#canvas, this.#note, this.#details);
		this.clear();
	}
	clear(): void {
		for (const element of [this.#said, this.#advice, this.#note, this.#steps]) element.replaceChildren();
		this.#said.removeAttribute("data-kind");
		this.#canvas.hidden = true;
		this.#details.hidden = true;
	}
	/** Says something that is no test: added, or why not. */
	say(text: string, kind: "good" | "bad" | "" = ""): void {
		this.#said.setAttribute("data-kind", kind);
		setText(this.#said, text);
	}
	/**
	 * `trust`: called with a certificate that nobody vouches for, once the person says that it is the camera's. `refused`
	 * hears why there was no test.
	 */
	async run(
		camera: TypedCamera | { id: string },
		{ trust, refused }: { trust?: (certificate: string) => void; refused?: (error: unknown) => void } = {},
	): Promise<void> {
		this.clear();
		this.say(t("test.running"));
		let result: TestResult | undefined;
		try {
			await api.test(camera, ({ step, end }) => {
				if (step) this.#step(step);
				if (end) result = end;
			});
			if (!result) throw new Refusal("gone", "");
		} catch (error) {
			this.say(problemText(error), "bad");
			return refused?.(error);
		}
		if (!result.ok) {
			this.say(says(result.reason), "bad");
			const certificate = FINGERPRINT.exec(result.reason)?.[1];
			setText(this.#advice, certificate ? "" : t(`advice.${result.code}`));
			if (certificate && trust)
				this.#said.append(
					" ",
					button(t("test.trust"), () => trust(certificate)),
				);
			return;
		}
		this.say(t("test.good", { sends: sends(result.sends) }), "good");
		const drawn = await draw(this.#canvas, result.picture);
		this.#canvas.hidden = drawn !== "shown";
		if (drawn !== "shown") setText(this.#note, t(`drawn.${drawn}`, { codec: result.sends.split(",")[0] ?? "" }));
	}
	#step({ who, text }: NonNullable<Line["step"]>): void {
		this.#details.hidden = false;
		this.#steps.append(
			h("li", { "data-who": who }, h("span", {}, t(`test.${who}`)), h("code", {}, who === "note" ? says(text) : text)),
		);
	}
}
