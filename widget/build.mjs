/**
 * Builds the widget into ../assets/widget/: loader, panel, files fetched later (languages, contact form), source maps,
 * manifest.json.
 * Runs under bun and under node. Fails when the first chat would cost more than its budget.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'assets', 'widget');
const BUDGET_BYTES = { loader: 3 * 1024, total: 14 * 1024, later: 2.5 * 1024 };

/** Since the spring of 2024: light-dark() in stylesheets asks for that much. */
const TARGET = ['es2022', 'safari17.5', 'chrome123', 'firefox120'];

/** Stylesheets travel inside the script, as text for CSSStyleSheet.replaceSync. */
const cssAsText = {
  name: 'css-as-text',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const { code } = await esbuild.transform(source, { loader: 'css', minify: true, target: TARGET });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  charset: 'utf8',
  target: TARGET,
  plugins: [cssAsText],
  outdir: target,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
};

async function buildPanel() {
  const result = await esbuild.build({
    ...shared,
    entryPoints: { panel: 'src/panel.js', proactive: 'src/proactive.js' },
    entryNames: '[name].[hash]',
    chunkNames: '[name].[hash]',
    splitting: true,
    format: 'esm',
    sourcemap: 'linked',
  });
  const files = Object.keys(result.metafile.outputs).map((path) => basename(path));
  const panelFile = files.find((file) => /^panel\..*\.js$/.test(file));
  const watchFile = files.find((file) => /^proactive\..*\.js$/.test(file));
  const laterFiles = files.filter((file) => file.endsWith('.js') && file !== panelFile);
  return { panelFile, watchFile, laterFiles };
}

async function buildLoader(...files) {
  await esbuild.build({
    ...shared,
    entryPoints: { widget: 'src/index.js' },
    format: 'iife',
    sourcemap: 'external',
    define: { PATHS: JSON.stringify(files.map((file) => `widget/${file}`)) },
    // The loader is served one level above its map, so the usual relative comment would point nowhere.
    footer: { js: '//# sourceMappingURL=widget/widget.js.map' },
  });
  return 'widget.js';
}

async function describe(file) {
  const bytes = await readFile(join(target, file));
  const integrity = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
  return { file, integrity, bytes: bytes.length, gzip_bytes: gzipSync(bytes, { level: 9 }).length };
}

function checkBudget(loader, panel, later) {
  const total = loader.gzip_bytes + panel.gzip_bytes;
  const kib = (bytes) => `${(bytes / 1024).toFixed(2)} KiB`;
  console.log(`loader ${kib(loader.gzip_bytes)} gzip (at most ${kib(BUDGET_BYTES.loader)})`);
  console.log(`panel  ${kib(panel.gzip_bytes)} gzip`);
  console.log(`total  ${kib(total)} gzip (at most ${kib(BUDGET_BYTES.total)})`);
  const largest = Math.max(...Object.values(later).map((each) => each.gzip_bytes));
  console.log(`later  ${kib(largest)} gzip for the largest of the files that few visitors need (at most ${kib(BUDGET_BYTES.later)})`);
  if (loader.gzip_bytes > BUDGET_BYTES.loader || total > BUDGET_BYTES.total || largest > BUDGET_BYTES.later) {
    throw new Error('The widget is over its size budget.');
  }
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { panelFile, watchFile, laterFiles } = await buildPanel();
const loader = await describe(await buildLoader(panelFile, watchFile));
const panel = await describe(panelFile);
const later = {};
for (const file of laterFiles) later[file.split('.')[0]] = await describe(file);
await writeFile(join(target, 'manifest.json'), `${JSON.stringify({ loader, panel, later }, null, 2)}\n`);
checkBudget(loader, panel, later);
