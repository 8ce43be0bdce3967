/** Estimates the monthly AWS bill, item by item, beside the CloudWatch agent's. */
export { billText, type CostItem, monthlyBill, PRICES_OF } from './cost.ts';
export { EXPRESS_GB, HOURS, MEMORY_GIB, PRICE, RUN_TRANSITIONS } from './prices.ts';
