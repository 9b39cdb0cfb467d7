import { SYSTEM_HOME } from "../config.ts";
import { FINAL_EXIT_CODES, SERVICE_ENVIRONMENT } from "./environment.ts";

export interface SystemdOptions {
	/** Absolute path of the program. */
	program: string;
	/**
	 * Who runs it: `package` a system user that the Debian package made, `dynamic` a user that systemd makes for it, `person`
	 * the person whose own service it is.
	 */
	user: "package" | "dynamic" | "person";
}

/** A path as a word. Those with signs that systemd reads in its own way are refused. */
function word(path: string): string {
	if (/["'\\%$\n]/.test(path)) {
		throw new Error(`systemd cannot start a program at ${path}: move it to a folder without quotes, %, $ and \\.`);
	}
	return `"${path}"`;
}

/** Only root can give these away; a person's own service manager would refuse to start with them. */
const SYSTEM_HARDENING = `
StateDirectory=mivisus-agent
StateDirectoryMode=0700
CacheDirectory=mivisus-agent
CacheDirectoryMode=0700
ProtectHome=yes
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
DevicePolicy=closed
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
# Nothing is to be run but the agent, and what it loads.
NoExecPaths=/
ExecPaths=%PROGRAM% /usr/lib -/usr/lib64 /lib -/lib64 /var/cache/mivisus-agent`;

/** The unit file. It starts one process, which may talk over the network and write to its two folders. */
export function systemdUnit({ program, user }: SystemdOptions): string {
	const environment = { ...SERVICE_ENVIRONMENT };
	if (user !== "person") {
		environment["MIVISUS_AGENT_HOME"] = SYSTEM_HOME;
		environment["XDG_CACHE_HOME"] = "/var/cache/mivisus-agent";
	}
	const who = { package: "\nUser=mivisus-agent\nGroup=mivisus-agent", dynamic: "\nDynamicUser=yes", person: "" }[user];
	return `[Unit]
Description=Mivisus agent: sends the picture of your cameras while somebody looks
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${word(program)} run${who}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=${FINAL_EXIT_CODES.join(" ")}
${Object.entries(environment)
	.map(([name, value]) => `Environment=${name}=${value}`)
	.join("\n")}
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @memlock
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute cannot be set: the JavaScript engine compiles while it runs.${user === "person" ? "" : SYSTEM_HARDENING.replace("%PROGRAM%", word(program))}

[Install]
WantedBy=${user === "person" ? "default.target" : "multi-user.target"}
`;
}
