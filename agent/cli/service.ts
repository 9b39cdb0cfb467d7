import { installService, uninstallService } from "../service/install.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { say } from "./say.ts";

/** `mivisus-agent install-service` and `uninstall-service`: says what it did. */
export function service({ command, origin, home }: Arguments): number {
	const said =
		command === "install-service"
			? installService({ origin, ...(home !== undefined && { agentHome: home }) })
			: uninstallService();
	for (const line of said) say(line);
	return EXIT.done;
}
