import { readFileSync } from "node:fs";

/** Resident memory of a process, MiB, and its CPU time, s. */
export function usage(pid: number): { rssMiB: number; cpuS: number } {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return {
		rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
		cpuS: (Number(fields[11]) + Number(fields[12])) / 100,
	};
}
