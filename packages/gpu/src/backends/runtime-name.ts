/** What runs this, e.g. `'Node 20.20.2, Dawn'` or a browser's name and version. */
export function runtimeName(): string {
  const node = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node
  if (node !== undefined) return `Node ${node}, Dawn`
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
  return /(?:Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(agent)?.[0] ?? agent
}
