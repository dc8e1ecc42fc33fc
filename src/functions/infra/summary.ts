/** Of a CloudFormation template, what is read here. */
export interface DeployedTemplate {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Parameters?: Readonly<Record<string, { readonly Description?: string }>>
  readonly Outputs?: Readonly<Record<string, unknown>>
}

interface Resource {
  readonly Type: string
  readonly Properties?: Readonly<Record<string, unknown>>
}

/** What a template would create, for people: a line for each kind with its number and the names that it fixes. */
export function summaryOf({ Resources, Parameters = {}, Outputs = {} }: DeployedTemplate): string {
  const kinds = Map.groupBy(Object.values(Resources), ({ Type }) => Type)
  const widest = Math.max(...[...kinds.keys()].map((type) => type.length))
  const lines = [...kinds.entries()]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([type, resources]) => {
      const count = String(resources.length).padStart(4)
      return `${count}  ${type.padEnd(widest)}  ${resources.flatMap(namesOf).join(', ')}`.trimEnd()
    })
  return [
    'A deployment would create:',
    ...lines,
    `It would ask for: ${Object.keys(Parameters).filter(isOurs).join(', ')}`,
    `It would print: ${Object.keys(Outputs).join(', ')}`,
  ].join('\n')
}

/** CDK has a parameter of its own, for whether the account is prepared. */
function isOurs(parameter: string): boolean {
  return parameter !== 'BootstrapVersion'
}

/** `FunctionName`, `ClusterName` and so on, by the last word of the kind; secrets have a `Name`. */
function namesOf({ Type, Properties = {} }: Resource): string[] {
  const kind = Type.slice(Type.lastIndexOf(':') + 1)
  const name = Properties[kind === 'Secret' ? 'Name' : `${kind}Name`]
  // CDK names what belongs to a role by itself.
  return typeof name === 'string' && !/DefaultPolicy[0-9A-F]{8}$/.test(name) ? [name] : []
}
