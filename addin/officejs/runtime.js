// What the formulas below share: the policy for what cells hold, and how Excel calls them.

const ErrorCode = CustomFunctions.ErrorCode;

/**
 * Give up: the cell shows this error. Excel shows a reason with #VALUE! and #N/A.
 * @returns {never}
 */
function refuse(code, reason) {
  throw new CustomFunctions.Error(code, reason);
}

// A division, whose divisor may be zero.
function quotient(dividend, divisor) {
  return divisor === 0 ? refuse(ErrorCode.divisionByZero) : dividend / divisor;
}

// A power, which is a division where the exponent is negative.
function power(base, exponent) {
  return base === 0 && exponent < 0 ? refuse(ErrorCode.divisionByZero) : base ** exponent;
}

// The error that a cell holds, as text: a CustomFunctions.Error, or an error of Excel's data types.
function errorIn(cell) {
  const code = typeof cell === "object" && cell !== null ? cell.code || cell.basicValue : null;
  return typeof code === "string" && code.startsWith("#") ? code : null;
}

function wanted({ choices, flag, whole, low, high }) {
  if (choices) return `one of ${Object.keys(choices).join(", ")}`;
  return flag ? "TRUE or FALSE" : `a ${whole ? "whole " : ""}number from ${low} to ${high}`;
}

// A cell's value as the number that it stands for, null where the argument is left out.
function numberIn(name, parameter, cell) {
  if (cell === null && "otherwise" in parameter) return null;
  if (parameter.choices) {
    const choice = typeof cell === "string" ? cell.toLowerCase() : "";
    if (Object.prototype.hasOwnProperty.call(parameter.choices, choice)) return parameter.choices[choice];
  } else if (typeof cell === "number" || (parameter.flag && typeof cell === "boolean")) {
    return Number(cell);
  }
  return refuse(ErrorCode.invalidValue, `${name}: ${parameter.name} must be ${wanted(parameter)}`);
}

function requireInRange(parameter, value) {
  if (value === null || parameter.choices) return;
  // written so that what is not a number is refused too
  const inside = parameter.low <= value && value <= parameter.high;
  if (!inside || (parameter.whole && value % 1 !== 0)) refuse(ErrorCode.invalidNumber);
}

// Some without the others of the arguments that belong together have no meaning.
function requireTogether(name, parameters, together, given) {
  const blank = parameters.filter((parameter, i) => together.includes(parameter.name) && given[i] === null);
  if (blank.length > 0 && blank.length < together.length) {
    refuse(ErrorCode.invalidValue, `${name}: ${together.join(" and ")} are given together or not at all`);
  }
}

// One value: errors pass on, the first argument's first; then types; then ranges; then defaults; then the formula.
function evaluate(name, formula, parameters, together, cells) {
  const errors = cells.map(errorIn).filter((code) => code !== null);
  if (errors.length > 0) refuse(errors[0]);
  requireTogether(name, parameters, together, cells);
  const given = parameters.map((parameter, i) => numberIn(name, parameter, cells[i]));
  parameters.forEach((parameter, i) => requireInRange(parameter, given[i]));
  const values = {};
  parameters.forEach((parameter, i) => {
    const isConstant = given[i] === null && typeof parameter.otherwise === "number";
    values[parameter.name] = isConstant ? parameter.otherwise : given[i];
  });
  for (const parameter of parameters) {
    if (values[parameter.name] === null) values[parameter.name] = parameter.otherwise(values);
  }
  for (const parameter of parameters) requireInRange(parameter, values[parameter.name]);
  const result = formula(...parameters.map((parameter) => values[parameter.name]));
  return typeof result !== "number" || Number.isFinite(result) ? result : refuse(ErrorCode.invalidNumber);
}

// The length to which ranges stretch: a single row or column is repeated, all others must be as long.
function common(name, lengths) {
  const longest = Math.max(...lengths);
  const fits = lengths.every((length) => length === 1 || length === longest);
  return fits ? longest : refuse(ErrorCode.invalidValue, `${name}: the shapes of the ranges do not fit together`);
}

function element(argument, row, column) {
  if (!Array.isArray(argument)) return argument;
  const cells = argument[argument.length === 1 ? 0 : row];
  return blankAsNull(cells[cells.length === 1 ? 0 : column]);
}

function blankAsNull(cell) {
  return cell === undefined ? null : cell;
}

// A range of one cell is a scalar.
function argumentOf(value) {
  const isOneCell = Array.isArray(value) && value.length === 1 && value[0].length === 1;
  return blankAsNull(isOneCell ? value[0][0] : value);
}

// Each element of a range has its own value or its own error.
function valueOrError(compute) {
  try {
    return compute();
  } catch (error) {
    return error instanceof CustomFunctions.Error ? error : new CustomFunctions.Error(ErrorCode.invalidValue);
  }
}

// Make a formula known to Excel, which calls it with a value or rows of cells for each argument, null where one is
// left out, and wants rows back.
function declare(name, formula, parameters, together = []) {
  const compute = (cells) => evaluate(name, formula, parameters, together, cells);
  CustomFunctions.associate(name, (...values) => {
    const given = parameters.map((parameter, i) => argumentOf(values[i])); // after these Excel passes its own object
    const ranges = given.filter(Array.isArray);
    if (ranges.length === 0) return [[compute(given)]];
    requireTogether(name, parameters, together, given);
    const rows = common(name, ranges.map((range) => range.length));
    const columns = common(name, ranges.map((range) => range[0].length));
    const at = (row, column) => given.map((argument) => element(argument, row, column));
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => valueOrError(() => compute(at(row, column))))
    );
  });
}
