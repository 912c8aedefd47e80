import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { type Copy, DockerfileParser, type From } from 'dockerfile-ast';

/** What an image is, as far as it can be told without an engine. */
export interface Image {
  /** Its file system: only what the Dockerfile's own steps put there, nothing of the base image. */
  readonly root: string;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Carries out a Dockerfile step by step, each stage in a folder of its own: COPY copies, and RUN runs in the stage's working
 * directory, with the tools of this machine instead of the base image's. So its steps have to name paths that are relative to it.
 * @param context the folder that is sent to the engine, but for what its .dockerignore leaves out
 * @param into an empty folder
 * @param alsoCopied which ignored files are sent all the same: what a step would make anew, only to spare it the time
 * @returns the last stage
 * @throws Error for an instruction that is not known here, and when a step fails
 */
export function buildImage(context: string, into: string, alsoCopied: (path: string) => boolean = () => false): Image {
  const dockerfile = DockerfileParser.parse(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const stages = new Map<string, Stage>();
  let stage: Stage = { root: into, ...blank };

  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = (instruction.getRawArgumentsContent() ?? '').replaceAll('\\\n', ' ');
    const inside = join(stage.root, stage.workDir);
    switch (keyword) {
      case 'FROM': {
        const from = instruction as From;
        const name = from.getBuildStage() ?? `stage-${stages.size}`;
        const base = stages.get(from.getImage() ?? '');
        stage = { ...blank, ...base, root: join(into, name) };
        copyContents(base?.root, stage.root);
        stages.set(name, stage);
        break;
      }
      case 'WORKDIR':
        stage.workDir = text;
        mkdirSync(join(stage.root, text), { recursive: true });
        break;
      case 'COPY': {
        const copy = instruction as Copy;
        const [source, target, ...more] = copy.getArguments().map((argument) => argument.getValue());
        const from = copy.getFromFlag()?.getValue() ?? undefined;
        if (source === undefined || target === undefined || more.length > 0)
          throw new Error(`COPY ${text} is not known here`);
        if (from === undefined) copyContext(context, source, join(inside, target), alsoCopied);
        else copyContents(join(stages.get(from)!.root, source), join(inside, target));
        break;
      }
      case 'RUN': {
        const env = { ...process.env, ...stage.env };
        const { status, stdout, stderr } = spawnSync('/bin/sh', ['-ec', text], { cwd: inside, env, encoding: 'utf8' });
        if (status !== 0) throw new Error(`RUN ${text} failed:\n${stdout}${stderr}`);
        break;
      }
      case 'ENV':
        stage.env = { ...stage.env, ...assignments(text) };
        break;
      case 'LABEL':
        stage.labels = { ...stage.labels, ...assignments(text) };
        break;
      case 'USER':
        stage.user = text;
        break;
      case 'ENTRYPOINT':
        stage.entrypoint = JSON.parse(text) as string[];
        break;
      default:
        throw new Error(`${keyword} is not known here`);
    }
  }
  return stage;
}

type Stage = { -readonly [Field in keyof Image]: Image[Field] };

const blank: Omit<Stage, 'root'> = { workDir: '/', env: {}, user: undefined, entrypoint: [], labels: {} };

function copyContents(from: string | undefined, to: string): void {
  mkdirSync(to, { recursive: true });
  // Node's own would resolve the links of the workspaces.
  if (from !== undefined) execFileSync('cp', ['-a', `${from}/.`, to]);
}

function copyContext(context: string, source: string, to: string, alsoCopied: (path: string) => boolean): void {
  const ignored = dockerignore.default({ ignorecase: false }).add(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const copy = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(context, path);
      if (entry.isFile() && (!ignored.ignores(name) || alsoCopied(name))) {
        cpSync(path, join(to, relative(join(context, source), path)));
      }
      // An ignored folder may hold something that is not; these hold much, and nothing of that kind.
      if (entry.isDirectory() && !['.git', 'node_modules'].includes(entry.name)) copy(path);
    }
  };
  copy(join(context, source));
}

function assignments(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map(([, name, quoted, bare]) => [name!, quoted ?? bare!]),
  );
}
