/** The table that keeps the row of a driver. */
import { minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import type { Table } from '../journal/table.ts'

/** The edge owns the profile of a driver, so only the driver's first event writes it. */
const drivers: Table<DriverView> = {
  name: 'drivers',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: view => view.id },
    { name: 'vendor_id', type: 'uuid', isFixed: true, of: view => view.vendor_id },
    { name: 'full_name', type: 'text', isFixed: true, of: view => view.full_name },
    { name: 'phone', type: 'text', isFixed: true, of: view => view.phone },
    { name: 'vehicle_type', type: 'text', isFixed: true, of: view => view.vehicle_type },
    { name: 'status', type: 'text', of: view => view.status },
    { name: 'membership', type: 'text', of: view => view.membership },
    { name: 'capacity', type: 'int4', of: view => view.capacity },
    // A text, because an array of arrays would have to be rectangular.
    {
      name: 'active_order_ids',
      type: 'text',
      sql: 'active_order_ids::uuid[]',
      of: view => `{${view.active_order_ids.join(',')}}`,
    },
    { name: 'total_deliveries', type: 'int4', of: view => view.total_deliveries },
    {
      name: 'total_earnings_minor',
      type: 'int8',
      of: view => minorOfDecimal(view.total_earnings, view.currency),
    },
    { name: 'currency', type: 'text', of: view => view.currency },
    { name: 'version', type: 'int4', of: view => view.version },
  ],
}

export const driverTables = [drivers] as const
