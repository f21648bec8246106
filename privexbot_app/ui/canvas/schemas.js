/* JSON Schemas as pydantic writes them, read for a form. Pure. */

export const resolved = (field, root) => {
  let own = field ?? {};
  const steps = 8; // a schema that refers to itself is followed so far
  for (let step = 0; step < steps; step += 1) {
    if (own.$ref) {
      const { $ref, ...beside } = own;
      own = { ...root?.$defs?.[$ref.split("/").pop()], ...beside };
    } else if (own.allOf?.length === 1) {
      const { allOf, ...beside } = own;
      own = { ...allOf[0], ...beside };
    } else break;
  }
  const choices = (own.anyOf ?? own.oneOf)?.filter(({ type }) => type !== "null");
  if (choices?.length === 1) {
    const { anyOf, oneOf, ...beside } = own;
    return { ...resolved(choices[0], root), ...beside, isOptional: true };
  }
  return own;
};

export const fieldsOf = (schema, root = schema) =>
  Object.entries(schema?.properties ?? {}).map(([name, field]) => [name, resolved(field, root)]);

/** What a new item of a list begins with. */
export const beginning = (schema, root, number = 1) => {
  const field = resolved(schema, root);
  if (field.default !== undefined) return structuredClone(field.default);
  if (field.const !== undefined) return field.const;
  if (field.enum) return field.enum[0];
  if (field.isOptional) return null;
  switch (field.type) {
    case "object":
      return Object.fromEntries(
        fieldsOf(field, root)
          .filter(([name, inner]) => field.required?.includes(name) || inner.default !== undefined)
          .map(([name, inner]) => [name, name === "id" ? `way_${number}` : beginning(inner, root)]),
      );
    case "array":
      return Array.from({ length: field.minItems ?? 0 }, (_, index) => beginning(field.items, root, index + 1));
    case "integer":
    case "number":
      return field.minimum ?? 0;
    case "boolean":
      return false;
    default:
      return "";
  }
};

/** `knowledge_base_ids` → “Knowledge base ids”. */
export const spoken = (name) => {
  const words = String(name).replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** Every text of a configuration with its field's schema. */
export const texts = (value, schema, root = schema) => {
  const field = resolved(schema, root);
  if (typeof value === "string") return [[value, field]];
  if (Array.isArray(value)) return value.flatMap((item) => texts(item, field.items, root));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, item]) => texts(item, field.properties?.[name] ?? field.additionalProperties, root));
};

/** The paths that a configuration names, each once. */
export const referencesIn = (config, schema) => {
  const found = new Set();
  for (const [text, field] of texts(config, schema)) {
    if (field.format === "reference") {
      if (text) found.add(text);
    } else for (const [, path] of text.matchAll(/\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g)) found.add(path);
  }
  return [...found];
};
