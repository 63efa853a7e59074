import type { Client } from '@odograph/client';
import { everyPage } from '@odograph/client/history';
import type { DecisionAnswer, DecisionOptions, RegistrationFields } from '@odograph/client/registry';
import { partitionOf } from '@odograph/kernel/partition';
import { formatPosition } from '@odograph/kernel/position';
import type { UnitSystem } from '@odograph/kernel/registration';
import { openFile } from '@odograph/sources/recorded/open-source';
import { Command, Option } from 'commander';
import { endpointOption, openClient } from '../endpoint.ts';
import { type VehicleJson, vehicleJson } from '../json/registration-json.ts';
import { assertTaken, createRejections } from '../replay/outcome.ts';
import { namesArgument, textArgument, versionArgument } from '../terminal/arguments.ts';
import {
  type AtLeastOptions,
  atLeastOf,
  type FilterOptions,
  filterOf,
  hasFilter,
  withAtLeast,
  withFilter,
} from '../terminal/filter.ts';
import { note, noteWait, printJson, printLine, terminalWidth } from '../terminal/output.ts';
import { textTable } from '../terminal/text-table.ts';
import { type ImportTotals, importVehicles } from '../vehicles/import-vehicles.ts';

interface CommonOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
}

type QueryOptions = CommonOptions & AtLeastOptions;

interface FieldOptions extends CommonOptions, DecisionOptions {
  readonly fleet?: string;
  readonly model?: string;
  readonly displayName?: string;
  readonly tags?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly vin?: string;
  readonly units?: UnitSystem;
}

type Decision = 'register' | 'update' | 'retire';

export function vehiclesCommand(): Command {
  return new Command('vehicles')
    .description('list, register, change and retire vehicles')
    .addCommand(withQuery(withFilter(new Command('list').description('list the vehicles'))).action(list))
    .addCommand(withQuery(ofVehicle('show', 'print the registration of a vehicle')).action(show))
    .addCommand(
      withFields(ofVehicle('register', 'register a vehicle, or a retired one again')).action(
        (id: string, options: FieldOptions) =>
          decide('register', id, options, (client) => client.registerVehicle(id, fieldsOf(options), options)),
      ),
    )
    .addCommand(
      withFields(ofVehicle('update', 'change what is given; an empty text removes a value')).action(
        (id: string, options: FieldOptions) =>
          decide('update', id, options, (client) => client.updateVehicle(id, fieldsOf(options), options)),
      ),
    )
    .addCommand(
      withDecision(ofVehicle('retire', 'take a vehicle out of the lists; its history stays')).action(
        (id: string, options: FieldOptions) =>
          decide('retire', id, options, (client) => client.retireVehicle(id, options)),
      ),
    )
    .addCommand(importCommand());
}

function ofVehicle(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'the vehicle');
}

function withCommon(command: Command): Command {
  return command.addOption(endpointOption('history')).option('--json', 'one JSON object a line');
}

function withQuery(command: Command): Command {
  return withCommon(withAtLeast(command));
}

function withDecision(command: Command): Command {
  return withCommon(command)
    .option(
      '--decision-id <id>',
      'sent again with the same id, it changes nothing (default: a new one)',
      textArgument,
    )
    .option('--expected-version <version>', 'only if the vehicle has this version', versionArgument);
}

function withFields(command: Command): Command {
  return withDecision(
    command
      .option('--fleet <name>', 'its fleet')
      .option('--model <name>', 'its model')
      .option('--display-name <name>', 'the name that people see')
      .option('--tags <tags>', 'words to find it by, separated by commas', namesArgument)
      .option('--capabilities <names>', 'what it can be asked to do, separated by commas', namesArgument)
      .option('--vin <vin>', 'its VIN')
      .addOption(new Option('--units <units>', 'in which it is shown').choices(['metric', 'imperial'])),
  );
}

function importCommand(): Command {
  return withCommon(
    new Command('import')
      .description('register or update the vehicles of a CSV file; importing it again changes nothing')
      .argument('<file>', 'the file, or - for standard input')
      .option('--dry-run', 'only say what would be done'),
  ).action(importFile);
}

function fieldsOf(options: FieldOptions): RegistrationFields {
  const { fleet, model, displayName, tags, capabilities, vin, units } = options;
  const fields = { fleet, model, displayName, tags, capabilities, vin, units };
  return fields satisfies Record<keyof RegistrationFields, unknown>;
}

async function list(options: FilterOptions & QueryOptions): Promise<void> {
  using client = openClient('history', options.endpoint);
  const filter = filterOf(options);
  const { atLeast } = options;
  const rows: VehicleJson[] = [];
  const pages = everyPage((pageToken, pageSize) =>
    client.vehiclePage({ ...filter, atLeast, pageSize, pageToken }),
  );
  for await (const { vehicles, positions } of pages) {
    for (const vehicle of vehicles) {
      const partition = partitionOf(vehicle.vehicleId, positions.length);
      const json = vehicleJson(
        vehicle,
        positions.find((position) => position.partition === partition),
      );
      if (options.json) await printJson(json);
      else rows.push(json);
    }
  }
  if (rows.length > 0) await printLine(vehiclesTable(rows));
  else if (!options.json) note(hasFilter(filter) ? 'no such vehicle' : 'no vehicle is known yet');
}

function vehiclesTable(rows: readonly VehicleJson[]): string {
  const head = ['vehicle', 'name', 'fleet', 'model', 'tags', 'VIN', 'version', ''];
  const cells = rows.map((row) => [
    ...[row.vehicle_id, row.display_name, row.fleet, row.model, row.tags.join(' '), row.vin],
    ...[String(row.version), row.retired ? 'retired' : ''],
  ]);
  return textTable(head, cells, { maxWidth: terminalWidth(), yielding: ['VIN', 'tags', 'model', 'name'] });
}

async function show(vehicleId: string, options: QueryOptions): Promise<void> {
  using client = openClient('history', options.endpoint);
  const atLeast = await atLeastOf(vehicleId, options, async () => (await client.describeLog()).length);
  const { vehicle, position } = await client.vehicle(vehicleId, { atLeast });
  const json = vehicleJson(vehicle, position);
  if (options.json) return printJson(json);
  const { position: _, ...fields } = json;
  const rows = Object.entries(fields).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : String(value),
  ]);
  await printLine(textTable(['field', 'value'], rows));
}

async function decide(
  decision: Decision,
  vehicleId: string,
  { endpoint, json: isJson }: CommonOptions,
  call: (client: Client) => Promise<DecisionAnswer>,
): Promise<void> {
  using client = openClient('history', endpoint);
  const { version, position: at } = await call(client);
  const position = formatPosition(at);
  if (isJson) await printJson({ decision, vehicle_id: vehicleId, version, position });
  else await printLine(`${vehicleId} has version ${version}; the decision is in the log at ${position}`);
}

interface ImportOptions extends CommonOptions {
  readonly dryRun?: boolean;
}

async function importFile(path: string, options: ImportOptions): Promise<void> {
  const { dryRun: isDryRun = false, json: isJson = false } = options;
  const totals = await importRows(path, options);
  const rows = rowsIn(totals);
  if (isJson) await printJson({ rows, ...totals, dry_run: isDryRun });
  else await printLine(importedInWords(totals, isDryRun));
  assertTaken(path, { rows, rejected: totals.rejected });
}

async function importRows(
  path: string,
  { dryRun: isDryRun = false, json: isJson = false, endpoint }: ImportOptions,
): Promise<ImportTotals> {
  const file = await openFile(path);
  const rejections = createRejections(isJson);
  let last: ImportTotals | undefined;
  try {
    using client = openClient('history', endpoint);
    noteWait('importing …');
    const onProgress = (totals: ImportTotals) => {
      last = totals;
    };
    return await importVehicles(file.lines, {
      ...{ client, isDryRun, onProgress, onRejected: rejections.add },
    });
  } catch (error) {
    if (!isJson && last) note(`${rowsIn(last)} rows were done by then; import the file again for the others`);
    throw error;
  } finally {
    file.close();
    rejections.end();
  }
}

const rowsIn = ({ registered, updated, unchanged, rejected }: ImportTotals): number =>
  registered + updated + unchanged + rejected;

function importedInWords(totals: ImportTotals, isDryRun: boolean): string {
  const { registered, updated, unchanged, rejected } = totals;
  const would = isDryRun ? ' (dry run: nothing was changed)' : '';
  return `${rowsIn(totals)} rows: ${registered} registered, ${updated} updated, ${unchanged} unchanged, ${rejected} rejected${would}`;
}
