/** The text of a /metrics page, as numbers. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export async function scrape(address: string): Promise<Sample[]> {
  return samplesOf(await (await fetch(`http://${address}/metrics`)).text());
}

function samplesOf(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)];
    const map = Object.fromEntries(pairs.map(([, label = '', text = '']) => [label, text]));
    return [{ name, labels: map, value: Number(value) }];
  });
}

/** Of all samples of that name which have these labels. */
export function total(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((each) => each.name === name)
    .filter((each) => Object.entries(labels).every(([label, is]) => each.labels[label] === is))
    .reduce((sum, { value }) => sum + value, 0);
}
