// Turn the compiler's output into artifacts that change only when their own contract does: syntax-tree ids and
// source indices, which move with any other file of the same run, are replaced by names and local indices.

function* nodes(tree) {
  if (Array.isArray(tree)) for (const item of tree) yield* nodes(item);
  else if (tree && typeof tree === "object") {
    if (tree.nodeType) yield tree;
    for (const value of Object.values(tree)) if (value && typeof value === "object") yield* nodes(value);
  }
}

/** What the artifacts need of the trees: names by id, enums by source, and which libraries are linked to. */
function index(output) {
  const names = new Map();
  const enums = new Map();
  const kinds = new Map();
  for (const [source, { ast }] of Object.entries(output.sources)) {
    const here = {};
    for (const node of nodes(ast)) {
      if (node.canonicalName) names.set(node.id, node.canonicalName);
      if (node.nodeType === "EnumDefinition") here[node.name] = node.members.map((member) => member.name);
      if (node.nodeType !== "ContractDefinition") continue;
      kinds.set(`${source}:${node.name}`, node.contractKind);
      for (const part of node.nodes) if (part.mutability === "immutable") names.set(part.id, `${node.name}.${part.name}`);
    }
    enums.set(source, here);
  }
  return { names, enums, kinds };
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** Type identifiers carry tree ids, t_struct(Account)123_storage; an array's length looks alike and stays. */
function namedTypes(layout, names) {
  const tree = /(t_(?:struct|contract|enum|userDefinedValueType)\()[^()]*\)(\d+)/g;
  const text = JSON.stringify(layout, (key, value) => (key === "astId" ? undefined : value));
  return JSON.parse(text.replace(tree, (_, head, id) => `${head}${names.get(Number(id))})`));
}

/** Number the sources of one map from 0 in the order of their names; -1 stays "no source". */
function localSources(sourceMap, sourceIds) {
  const items = sourceMap.split(";").map((item) => item.split(":"));
  const used = new Set(items.map((fields) => fields[2]).filter((id) => id && id !== "-1"));
  const nameOf = (id) => sourceIds.get(Number(id)) ?? "#generated";
  const list = [...new Set([...used].map(nameOf))].sort();
  const renumbered = items.map((fields) => {
    if (fields[2] && fields[2] !== "-1") fields[2] = String(list.indexOf(nameOf(fields[2])));
    return fields.join(":");
  });
  return { sourceMap: renumbered.join(";"), sources: list };
}

function enumsBehind(metadata, enums) {
  const seen = {};
  for (const source of Object.keys(JSON.parse(metadata).sources).filter((name) => name.startsWith("src/"))) {
    for (const [name, members] of Object.entries(enums.get(source) ?? {})) {
      if (name in seen && String(seen[name]) !== String(members)) throw new Error(`two enums are called ${name}`);
      seen[name] = members;
    }
  }
  return seen;
}

function artifact(source, name, compiled, about) {
  const { bytecode, deployedBytecode: deployed } = compiled.evm ?? {};
  const base = {
    contractName: name,
    sourceName: source,
    kind: about.kinds.get(`${source}:${name}`),
    abi: compiled.abi,
    enums: enumsBehind(compiled.metadata, about.enums),
    metadata: compiled.metadata,
    storageLayout: namedTypes(compiled.storageLayout ?? {}, about.names),
    bytecode: { object: "", linkReferences: {} },
    deployedBytecode: { object: "", linkReferences: {}, immutableReferences: {}, sourceMap: "", sources: [] },
  };
  if (bytecode?.object) {
    base.bytecode = { object: bytecode.object, linkReferences: bytecode.linkReferences };
    const immutables = Object.entries(deployed.immutableReferences ?? {}).map(([id, at]) => [about.names.get(Number(id)), at]);
    base.deployedBytecode = {
      object: deployed.object,
      linkReferences: deployed.linkReferences,
      immutableReferences: Object.fromEntries(immutables),
      ...localSources(deployed.sourceMap, about.sourceIds),
    };
  }
  return sorted(base);
}

/** A library nobody can call from outside is compiled to an empty shell: what it does stands in its users' code. */
function isShell(kind, compiled) {
  return kind === "library" && !compiled.abi.some((entry) => entry.type === "function");
}

/** One artifact for each contract, linked library and interface of the project, in the order of their names. */
export function artifactsOf(output, roots) {
  const about = { ...index(output), sourceIds: new Map() };
  for (const [source, { id }] of Object.entries(output.sources)) about.sourceIds.set(id, source);
  const made = new Map();
  for (const source of Object.keys(output.contracts ?? {}).filter((name) => roots.has(name)).sort()) {
    for (const [name, compiled] of Object.entries(output.contracts[source])) {
      const kind = about.kinds.get(`${source}:${name}`);
      const isAbstract = kind === "contract" && !compiled.evm?.bytecode?.object;
      if (!compiled.metadata || isAbstract || isShell(kind, compiled)) continue;
      if (made.has(name)) throw new Error(`${name} is declared in ${made.get(name).sourceName} and in ${source}`);
      made.set(name, artifact(source, name, compiled, about));
    }
  }
  return [...made.values()].sort((a, b) => (a.contractName < b.contractName ? -1 : 1));
}

export function deployedBytes(made) {
  return made.deployedBytecode.object.length / 2;
}
