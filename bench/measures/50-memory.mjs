/** Anonymous memory of each process: after the start, and the most of it while everything else was measured. */
export default {
  name: 'memory',
  needsSystem: true,
  when: 'atTheEnd',
  async prepare({ system }) {
    return async () => ({
      ...named(system.idle, 'idle, MiB (aim < 150)'),
      ...named(system.mostMemory(), 'under load, MiB (aim < 300)'),
    });
  },
};

function named(memory, what) {
  return Object.fromEntries([...memory].map(([process, mebibytes]) => [`${process} ${what}`, mebibytes]));
}
