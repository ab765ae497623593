/** An empty folder into which packed packages are installed, and what can be measured of it. */

import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type Place } from './run';
import type { Tarballs } from './tarballs';

const BYTES_IN_MB = 1_000_000;

export class Installation {
  private constructor(readonly folder: string) {}

  /** Installs some of the packages, with what they depend on, and nothing else. */
  static async of(folder: string, names: Iterable<string>, tarballs: Tarballs): Promise<Installation> {
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'empty', version: '0.0.0', private: true }),
    );
    const files = [...names].map((name) => tarballs.get(name) as string);
    const quick = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'];
    await run('npm', ['install', ...quick, ...files], { cwd: folder });
    return new Installation(folder);
  }

  get commands(): string {
    return join(this.folder, 'node_modules/.bin');
  }

  /** What the files of `node_modules` hold, in millions of bytes. */
  async megabytes(): Promise<number> {
    const entries = await readdir(join(this.folder, 'node_modules'), {
      recursive: true,
      withFileTypes: true,
    });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))));
    return sizes.reduce((sum, { size }) => sum + size, 0) / BYTES_IN_MB;
  }

  /** How many files are loaded with a package, and the CPU time that takes, in a process of its own. */
  async load(name: string, node?: string): Promise<{ readonly modules: number; readonly cpuMs: number }> {
    const program = `
      const since = process.cpuUsage();
      require(${JSON.stringify(name)});
      const { user, system } = process.cpuUsage(since);
      console.log(JSON.stringify({ modules: Object.keys(require.cache).length, cpuMs: (user + system) / 1000 }));`;
    return JSON.parse(await run(node ?? process.execPath, ['-e', program], this.place(node)));
  }

  /** Whether `import` and `require` of a package give the same classes. */
  async isOneInstance(name: string, node?: string): Promise<boolean> {
    const program = `
      import * as imported from ${JSON.stringify(name)};
      import { createRequire } from 'node:module';
      const required = createRequire(process.cwd() + '/x.js')(${JSON.stringify(name)});
      const names = Object.keys(required);
      console.log(names.length > 0 && names.every((each) => imported[each] === required[each]));`;
    const args = ['--input-type=module', '-e', program];
    return (await run(node ?? process.execPath, args, this.place(node))).trim() === 'true';
  }

  private place(node: string | undefined): Place {
    return node === undefined ? { cwd: this.folder } : { cwd: this.folder, node };
  }
}
