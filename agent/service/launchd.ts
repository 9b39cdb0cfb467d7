import { SERVICE_ENVIRONMENT, xml } from "./environment.ts";

/** The name of the service for launchd. */
export const LAUNCHD_LABEL = "com.mivisus.agent";

/** The property list of a person's own service (LaunchAgent). `program`, `log`: absolute paths. */
export function launchdPlist({ program, log }: { program: string; log: string }): string {
	const environment = Object.entries(SERVICE_ENVIRONMENT)
		.map(([name, value]) => `\t\t<key>${name}</key>\n\t\t<string>${value}</string>`)
		.join("\n");
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>${LAUNCHD_LABEL}</string>
	<key>ProgramArguments</key>
	<array>
		<string>${xml(program)}</string>
		<string>run</string>
	</array>
	<key>EnvironmentVariables</key>
	<dict>
${environment}
	</dict>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>ThrottleInterval</key>
	<integer>10</integer>
	<key>ProcessType</key>
	<string>Background</string>
	<key>Umask</key>
	<integer>63</integer>
	<key>StandardOutPath</key>
	<string>${xml(log)}</string>
	<key>StandardErrorPath</key>
	<string>${xml(log)}</string>
</dict>
</plist>
`;
}
