/** What a person must know, on standard output; the log goes to standard error. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A word beside the answer, for a person: not on standard output, where a program may read. */
export const remark = (line: string): void => void process.stderr.write(`${line}\n`);
