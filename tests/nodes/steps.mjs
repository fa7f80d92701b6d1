// Plays a client's steps one after another and prints what they saw as JSON.
const printable = (_, value) => (typeof value === "bigint" ? value.toString() : value);

async function printSeen(prepared) {
  const steps = await prepared();
  const seen = {};
  // Names of steps after the URL run those alone.
  const wanted = process.argv.slice(3);
  for (const [name, step] of Object.entries(steps)) {
    if (wanted.length && !wanted.includes(name)) continue;
    try {
      seen[name] = await step();
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }
  console.log(JSON.stringify(seen, printable, 1));
}

/** Ends the process: with 0 once all of the steps that `prepared` gives are played, with 1 and why otherwise. */
export function play(prepared) {
  printSeen(prepared).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
}
