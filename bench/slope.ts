/** A line through measured points, least squares. */
export interface Slope {
	perHour: number;
	/** Half of the 95 % confidence interval of `perHour`. */
	halfWidth: number;
}

/**
 * Slope of `values` over `hours` with its 95 % confidence interval. Neighbouring residuals of a process's memory are alike, so
 * the interval is widened by their lag-1 autocorrelation (effective sample size, Bartlett 1946). Needs at least ten points.
 */
export function slopeOf(hours: readonly number[], values: readonly number[]): Slope {
	const n = hours.length;
	if (n < 10 || values.length !== n) throw new RangeError(`a slope needs ten points or more, there are ${n}`);
	const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / n;
	const [meanX, meanY] = [mean(hours), mean(values)];
	const spread = hours.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
	const perHour = hours.reduce((sum, x, i) => sum + (x - meanX) * (values[i]! - meanY), 0) / spread;
	const residuals = hours.map((x, i) => values[i]! - meanY - perHour * (x - meanX));
	const squares = residuals.reduce((sum, each) => sum + each ** 2, 0);
	const neighbours = residuals.slice(1).reduce((sum, each, i) => sum + each * residuals[i]!, 0);
	const rho = squares === 0 ? 0 : Math.min(0.99, Math.max(0, neighbours / squares));
	const widening = Math.sqrt((1 + rho) / (1 - rho));
	return { perHour, halfWidth: 1.96 * Math.sqrt(squares / (n - 2) / spread) * widening };
}
