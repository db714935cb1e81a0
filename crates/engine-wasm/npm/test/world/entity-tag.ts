export { entityTag } from "../../src/testing/server/entity-tag.js";
