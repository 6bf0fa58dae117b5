/** A trip that names no pharmacy, for the documents and for the row that says how to ask. */
export const nobodyAsked = {
  dropoff_latitude: 27.7172,
  dropoff_longitude: 85.324,
  dropoff_address: '456 Home Ave',
  items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
}
