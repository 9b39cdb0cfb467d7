import { parseArgs } from "node:util";
import { ConfigError } from "../config.ts";

/** How the program ends. Stated in `--help`. */
export const EXIT = {
	done: 0,
	failed: 1,
	usage: 2,
	/** The owner unlinked this agent. */
	unlinked: 3,
	"camera-unreachable": 4,
	"camera-refused": 5,
	"stream-unsupported": 6,
	"no-picture": 7,
} as const;

export const USAGE = `mivisus-agent: reads your cameras and sends their picture only while somebody looks.

  mivisus-agent run        link this agent if it is not linked yet, then run (the default)
  mivisus-agent enrol      link this agent to your account, or to one more browser of yours, and stop
  mivisus-agent status     say whether it is linked and running, and what it does
  mivisus-agent cameras    list its cameras, with what each does
  mivisus-agent find       look for cameras in the networks of this computer (ONVIF)
  mivisus-agent test URL   ask a camera for its picture, and say step by step what it answered
  mivisus-agent add URL    add a camera to this agent and to your account; --name says what it is called
  mivisus-agent page       a new link to the running agent's own page, on this computer
  mivisus-agent install-service
                           start it with the machine from now on, as a service of this system
  mivisus-agent uninstall-service
                           end that; what it keeps stays
  mivisus-agent forget     forget the account, its cameras and their passwords; the next start shows a new link
  mivisus-agent licences   print the licences of everything inside this program

  --origin URL        the service, e.g. https://mivisus.com (or "origin" in agent.json)
  --name TEXT         run, enrol: what this agent is called in your account; add: what the camera is called
  --home DIR          where it keeps its keys and settings (default: the platform's place)
  --transport T       how to ask cameras for media: auto (default), tcp or udp
  --page-port N       port of the agent's own page on this computer (default: a free one)
  --user NAME         test, add: the camera's user; its password is asked for, and not shown
  --certificate HEX   test, add, of rtsps: the camera's certificate, by the SHA-256 that its settings show
  --password-stdin    test, add: the password is the first line of standard input
  --json              status, cameras, find, test, add: one JSON object on standard output, for programs
  --version
  --help

Exit codes: 0 done; 1 something went wrong; 2 wrong arguments or settings; 3 the owner unlinked this agent.
Of test: 4 the camera cannot be reached; 5 it refuses user or password; 6 its stream cannot be used;
7 it answers, but sends no whole picture.
`;

const COMMANDS = [
	"run",
	"enrol",
	"status",
	"cameras",
	"find",
	"test",
	"add",
	"page",
	"install-service",
	"uninstall-service",
	"forget",
	"licences",
] as const;
export type Command = (typeof COMMANDS)[number];

/** The command line, read. */
export interface Arguments {
	command: Command;
	/** The camera's address of `test` and `add`. */
	address: string;
	origin?: string | undefined;
	name?: string | undefined;
	home?: string | undefined;
	transport?: string | undefined;
	pagePort?: string | undefined;
	user?: string | undefined;
	certificate?: string | undefined;
	passwordStdin: boolean;
	json: boolean;
}

/** Reads the command line; `help` or `version` where that was asked for. Throws ConfigError, which never repeats an address. */
export function readArguments(argv: readonly string[]): Arguments | "help" | "version" {
	const { values, positionals } = parsed(argv);
	if (values.help) return "help";
	if (values.version) return "version";
	const [command = "run", ...rest] = positionals;
	if (!isCommand(command)) throw new ConfigError(`There is no command "${command.slice(0, 40)}".\n\n${USAGE}`);
	const takesAddress = command === "test" || command === "add";
	if (takesAddress && rest.length !== 1)
		throw new ConfigError(`mivisus-agent ${command} needs one address, like rtsp://192.168.1.20/stream1`);
	if (!takesAddress && rest.length > 0)
		throw new ConfigError(`mivisus-agent ${command} takes no more words.\n\n${USAGE}`);
	const { "page-port": pagePort, "password-stdin": passwordStdin = false, json = false, ...others } = values;
	return { command, address: rest[0] ?? "", pagePort, passwordStdin, json, ...others };
}

function parsed(argv: readonly string[]) {
	try {
		return parseArgs({
			args: [...argv],
			allowPositionals: true,
			options: {
				origin: { type: "string" },
				name: { type: "string" },
				home: { type: "string" },
				transport: { type: "string" },
				"page-port": { type: "string" },
				user: { type: "string" },
				certificate: { type: "string" },
				"password-stdin": { type: "boolean" },
				json: { type: "boolean" },
				version: { type: "boolean" },
				help: { type: "boolean", short: "h" },
			},
		});
	} catch (error) {
		throw new ConfigError(`${(error as Error).message}\n\n${USAGE}`);
	}
}

const isCommand = (text: string): text is Command => (COMMANDS as readonly string[]).includes(text);
